import type { DType } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { type ShapedType, sameShape, showType, sizeOf } from '../array/shape';
import { PARITY, ROTATIONS, threefryKernel } from '../backends/reference/kernels/threefry';
import { ShapeError } from '../errors';
import { bind } from '../trace/bind';
import { batchElementwise, notLinear } from './elementwise';
import { definePrimitive, type Primitive } from './primitive';
import type { ScalarCode } from './scalar-code';

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
  lower: {
    reference: ({ outputs }) => threefryKernel(sizeOf(outputs[0]?.shape ?? [])),
    scalar: (code, operands) => threefryRounds(code, operands as [never, never, never, never]),
  },
});

function threefryRounds<V extends { readonly dtype: DType }>(c: ScalarCode<V>, [k0, k1, x0, x1]: [V, V, V, V]): [V, V] {
  const word = (value: number) => c.constant(value, 'uint32');
  const keys = [k0, k1, c.xor(c.xor(k0, k1), word(PARITY))] as const;
  let [a, b] = [c.add(x0, k0), c.add(x1, k1)];
  for (let round = 0; round < 20; round++) {
    a = c.add(a, b);
    b = c.xor(c.rotateLeft(b, ROTATIONS[round % 8] as number), a);
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      a = c.add(a, keys[injection % 3] as V);
      b = c.add(c.add(b, keys[(injection + 1) % 3] as V), word(injection));
    }
  }
  return [a, b];
}

/** Threefry-2x32 with 20 rounds (Salmon et al. 2011): two words of output for each key (k0, k1) and counter (x0, x1). */
export function threefry(k0: NDArray, k1: NDArray, x0: NDArray, x1: NDArray): [NDArray, NDArray] {
  return bind(threefryPrimitive, [k0, k1, x0, x1], {}) as [NDArray, NDArray];
}
