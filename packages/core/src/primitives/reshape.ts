import type { NDArray } from '../array/ndarray';
import {
  isDense,
  type Layout,
  rowMajorStrides,
  type Shape,
  type ShapedType,
  sameShape,
  showShape,
  sizeOf,
} from '../array/shape';
import { copyKernel } from '../backends/strided';
import { ShapeError } from '../errors';
import { bind1 } from '../trace/bind';
import { definePrimitive, type Primitive } from './primitive';

interface ReshapeParams {
  shape: readonly number[];
}

const reshapePrimitive: Primitive<ReshapeParams> = /* @__PURE__ */ definePrimitive<ReshapeParams>({
  name: 'reshape',
  relayout: true,
  outputs([x], { shape }) {
    const input = x as ShapedType;
    if (sizeOf(input.shape) !== sizeOf(shape)) {
      throw new ShapeError(
        `reshape: ${showShape(input.shape)} has ${sizeOf(input.shape)} elements, ${showShape(shape)} has ${sizeOf(shape)}`,
      );
    }
    return [{ shape, dtype: input.dtype }];
  },
  jvp([x], [t], { shape }) {
    return { outputs: [reshape(x as NDArray, shape)], tangents: [t ? reshape(t, shape) : null] };
  },
  transpose([ct], [x]) {
    return [ct && x ? reshape(ct, x.shape) : null];
  },
  batch(size, [x], [batched], { shape }) {
    return { outputs: [reshape(x as NDArray, batched ? [size, ...shape] : shape)], batched: [batched as boolean] };
  },
  view(input, { shape }) {
    if (isDense(input)) return { shape, dtype: input.dtype, strides: rowMajorStrides(shape), offset: 0 };
    return reshapeStrided(input, shape);
  },
  lower: { reference: ({ inputs }) => copyKernel(inputs[0] as Layout) },
});

/** A view exists when only axes of size 1 come or go. */
function reshapeStrided(input: Layout, shape: Shape): Layout | null {
  const kept = input.shape.flatMap((n, i) => (n === 1 ? [] : [i]));
  if (
    !sameShape(
      kept.map((i) => input.shape[i] as number),
      shape.filter((n) => n !== 1),
    )
  )
    return null;
  let next = 0;
  const strides = shape.map((n) => (n === 1 ? 0 : (input.strides[kept[next++] as number] as number)));
  return { shape, dtype: input.dtype, strides, offset: input.offset };
}

/** The same elements, in row-major order, in another shape. */
export function reshape(x: NDArray, shape: Shape): NDArray {
  return sameShape(x.shape, shape) ? x : bind1(reshapePrimitive, [x], { shape: [...shape] });
}
