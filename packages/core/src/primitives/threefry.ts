import type { NDArray } from '../array/ndarray';
import { type ShapedType, sameShape, showType, sizeOf } from '../array/shape';
import { threefryKernel } from '../backends/reference/kernels/threefry';
import { ShapeError } from '../errors';
import { bind } from '../trace/bind';
import { batchElementwise, notLinear } from './elementwise';
import { definePrimitive, type Primitive } from './primitive';

const threefryPrimitive: Primitive = /* @__PURE__ */ definePrimitive({
  name: 'threefry2x32',
  elementwise: true,
  outputs(inputs) {
    const first = inputs[0] as ShapedType;
    if (inputs.some((x) => x.dtype !== 'uint32' || !sameShape(x.shape, first.shape))) {
      throw new ShapeError(
        `threefry2x32: expected four uint32 arrays of one shape, got ${inputs.map(showType).join(', ')}`,
      );
    }
    return [0, 1].map(() => ({ shape: first.shape, dtype: 'uint32' as const }));
  },
  jvp: (inputs) => ({ outputs: bind(threefryPrimitive, inputs, {}), tangents: [null, null] }),
  transpose: notLinear('threefry2x32'),
  batch: (size, inputs, batched, params) => batchElementwise(threefryPrimitive, size, inputs, batched, params),
  lower: { reference: ({ outputs }) => threefryKernel(sizeOf(outputs[0]?.shape ?? [])) },
});

/** Threefry-2x32 with 20 rounds (Salmon et al. 2011): two words of output for each key (k0, k1) and counter (x0, x1). */
export function threefry(k0: NDArray, k1: NDArray, x0: NDArray, x1: NDArray): [NDArray, NDArray] {
  return bind(threefryPrimitive, [k0, k1, x0, x1], {}) as [NDArray, NDArray];
}
