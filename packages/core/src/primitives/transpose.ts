import type { NDArray } from '../array/ndarray';
import { type Layout, range, type ShapedType } from '../array/shape';
import { copyKernel } from '../backends/strided';
import { bind1 } from '../trace/bind';
import { definePrimitive, type Primitive } from './primitive';

interface TransposeParams {
  /** Axis i of the result is axis permutation[i] of the input. */
  permutation: readonly number[];
}

const transposePrimitive: Primitive<TransposeParams> = /* @__PURE__ */ definePrimitive<TransposeParams>({
  name: 'transpose',
  relayout: true,
  strided: true,
  outputs([x], { permutation }) {
    const { shape, dtype } = x as ShapedType;
    return [{ shape: permutation.map((p) => shape[p] as number), dtype }];
  },
  jvp([x], [t], { permutation }) {
    return { outputs: [transpose(x as NDArray, permutation)], tangents: [t ? transpose(t, permutation) : null] };
  },
  transpose([ct], _operands, { permutation }) {
    const inverse = range(permutation.length).map((i) => permutation.indexOf(i));
    return [ct ? transpose(ct, inverse) : null];
  },
  batch(_size, [x], [batched], { permutation }) {
    const shifted = batched ? [0, ...permutation.map((p) => p + 1)] : permutation;
    return { outputs: [transpose(x as NDArray, shifted)], batched: [batched as boolean] };
  },
  view(input, { permutation }) {
    return {
      shape: permutation.map((p) => input.shape[p] as number),
      strides: permutation.map((p) => input.strides[p] as number),
      dtype: input.dtype,
      offset: input.offset,
    };
  },
  lower: {
    reference: ({ inputs, params }) => copyKernel(transposePrimitive.view?.(inputs[0] as Layout, params) as Layout),
  },
});

export function transpose(x: NDArray, permutation: readonly number[]): NDArray {
  if (permutation.every((p, i) => p === i)) return x;
  return bind1(transposePrimitive, [x], { permutation: [...permutation] });
}

/** Moves one axis to another place; the others keep their order. */
export function moveAxis(x: NDArray, from: number, to: number): NDArray {
  const order = range(x.ndim).filter((i) => i !== from);
  order.splice(to, 0, from);
  return transpose(x, order);
}
