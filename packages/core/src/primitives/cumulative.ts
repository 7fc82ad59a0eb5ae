import { numbers } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { type Layout, type ShapedType, sizeOf } from '../array/shape';
import { cumsumKernel } from '../backends/reference/kernels/cumulative';
import type { NumericDtype } from '../backends/reference/kernels/types';
import { cumsumKernel as nativeCumsum } from '../backends/wasm/cumulative-kernel';
import { smallestNative } from '../backends/wasm/native';
import { bind1 } from '../trace/bind';
import { checkAccepted } from './elementwise';
import { definePrimitive, type Primitive } from './primitive';

interface CumsumParams {
  axis: number;
  reverse: boolean;
}

const cumsumPrimitive: Primitive<CumsumParams> = /* @__PURE__ */ definePrimitive<CumsumParams>({
  name: 'cumsum',
  outputs([x]) {
    const { shape, dtype } = x as ShapedType;
    checkAccepted('cumsum', dtype, numbers);
    return [{ shape, dtype }];
  },
  jvp: ([x], [t], { axis, reverse }) => ({
    outputs: [cumsum(x as NDArray, axis, reverse)],
    tangents: [t ? cumsum(t, axis, reverse) : null],
  }),
  transpose: ([ct], _operands, { axis, reverse }) => [ct ? cumsum(ct, axis, !reverse) : null],
  batch: (_size, [x], [batched], { axis, reverse }) => ({
    outputs: [cumsum(x as NDArray, batched ? axis + 1 : axis, reverse)],
    batched: [batched === true],
  }),
  lower: {
    reference: ({ inputs, params }) =>
      cumsumKernel({ shape: inputs[0]?.shape ?? [], dtype: inputs[0]?.dtype as NumericDtype, ...params }),
    wasm(context) {
      const { shape, dtype } = context.inputs[0] as Layout;
      if (sizeOf(shape) < smallestNative) return cumsumPrimitive.lower.reference(context);
      return nativeCumsum({ shape, dtype: dtype as NumericDtype, ...context.params });
    },
  },
});

/** Sums of all prefixes along an axis; of all suffixes with `reverse`. */
export function cumsum(x: NDArray, axis: number, reverse: boolean): NDArray {
  return bind1(cumsumPrimitive, [x], { axis, reverse });
}
