import type { NDArray } from '../array/ndarray';
import { type Layout, type ShapedType, sizeOf } from '../array/shape';
import { argsortKernel } from '../backends/reference/kernels/sort';
import { smallestNative } from '../backends/wasm/native';
import { argsortKernel as nativeArgsort } from '../backends/wasm/sort-kernel';
import { bind1 } from '../trace/bind';
import { notLinear } from './elementwise';
import { definePrimitive, type Primitive } from './primitive';

interface ArgsortParams {
  axis: number;
  descending: boolean;
}

const argsortPrimitive: Primitive<ArgsortParams> = /* @__PURE__ */ definePrimitive<ArgsortParams>({
  name: 'argsort',
  outputs: ([x]) => [{ shape: (x as ShapedType).shape, dtype: 'int32' }],
  jvp: ([x], _tangents, params) => ({ outputs: [bind1(argsortPrimitive, [x as NDArray], params)], tangents: [null] }),
  transpose: notLinear('argsort'),
  batch: (_size, [x], [batched], { axis, descending }) => ({
    outputs: [argsort(x as NDArray, batched ? axis + 1 : axis, descending)],
    batched: [batched === true],
  }),
  lower: {
    reference: ({ inputs, params }) => argsortKernel({ shape: inputs[0]?.shape ?? [], ...params }),
    wasm(context) {
      const { shape, dtype } = context.inputs[0] as Layout;
      const loop = sizeOf(shape) < smallestNative;
      return loop ? argsortPrimitive.lower.reference(context) : nativeArgsort({ shape, dtype, ...context.params });
    },
  },
});

/** Positions of the elements in sorted order along an axis, as int32. Stable; NaN comes last. */
export function argsort(x: NDArray, axis: number, descending: boolean): NDArray {
  return bind1(argsortPrimitive, [x], { axis, descending });
}
