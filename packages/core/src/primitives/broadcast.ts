import type { DType } from '../array/dtype';
import { NDArray } from '../array/ndarray';
import { type Layout, range, type Shape, sameShape, showShape } from '../array/shape';
import { copyKernel } from '../backends/strided';
import { ShapeError } from '../errors';
import { bind1 } from '../trace/bind';
import { definePrimitive, type Primitive } from './primitive';
import { sum } from './reduce';
import { reshape } from './reshape';

interface BroadcastParams {
  shape: readonly number[];
  /** Where each axis of the input goes; ascending. Axes of size 1 stretch. */
  axes: readonly number[];
}

const broadcastPrimitive: Primitive<BroadcastParams> = /* @__PURE__ */ definePrimitive<BroadcastParams>({
  name: 'broadcast',
  relayout: true,
  strided: true,
  outputs([x], { shape, axes }) {
    const from = x?.shape ?? [];
    const fits = axes.length === from.length && from.every((n, i) => n === 1 || n === shape[axes[i] as number]);
    if (!fits) throw new ShapeError(`broadcast: cannot stretch ${showShape(from)} to ${showShape(shape)}`);
    return [{ shape, dtype: x?.dtype as DType }];
  },
  jvp([x], [t], params) {
    const apply = (v: NDArray) => bind1(broadcastPrimitive, [v], params);
    return { outputs: [apply(x as NDArray)], tangents: [t ? apply(t) : null] };
  },
  transpose([ct], [x], { shape, axes }) {
    if (!ct || !x) return [null];
    const summed = range(shape.length).filter((axis) => {
      const from = axes.indexOf(axis);
      return from < 0 || (x.shape[from] === 1 && shape[axis] !== 1);
    });
    return [reshape(summed.length > 0 ? sum(ct, summed) : ct, x.shape)];
  },
  batch(size, [x], _batched, { shape, axes }) {
    const params = { shape: [size, ...shape], axes: [0, ...axes.map((a) => a + 1)] };
    return { outputs: [bind1(broadcastPrimitive, [x as NDArray], params)], batched: [true] };
  },
  view(input, { shape, axes }) {
    const strides = shape.map((n, axis) => {
      const from = axes.indexOf(axis);
      if (from < 0) return 0;
      return input.shape[from] === 1 && n !== 1 ? 0 : (input.strides[from] as number);
    });
    return { shape, dtype: input.dtype, strides, offset: input.offset };
  },
  lower: {
    reference: ({ inputs, params }) => copyKernel(broadcastPrimitive.view?.(inputs[0] as Layout, params) as Layout),
  },
});

/** Puts the axes of `x` at `axes` of a larger shape and repeats along the others. */
export function broadcastInDim(x: NDArray, shape: Shape, axes: readonly number[]): NDArray {
  if (sameShape(x.shape, shape) && axes.every((a, i) => a === i)) return x;
  return bind1(broadcastPrimitive, [x], { shape: [...shape], axes: [...axes] });
}

/** NumPy broadcasting: aligned at the last axis. */
export function broadcastTo(x: NDArray, shape: Shape): NDArray {
  return broadcastInDim(x, shape, range(x.ndim, shape.length - x.ndim));
}

/** A constant of the given type. */
export function fill(value: number | boolean, shape: Shape, dtype: DType): NDArray {
  return broadcastInDim(NDArray.scalar(value, dtype), shape, []);
}

/** A constant of the type of another array. */
export function fillLike(x: { shape: Shape; dtype: DType }, value: number): NDArray {
  return fill(value, x.shape, x.dtype);
}

/** Gives the mapped axis to operands that lack it. */
export function broadcastUnbatched(size: number, inputs: readonly NDArray[], batched: readonly boolean[]): NDArray[] {
  return inputs.map((x, i) => (batched[i] ? x : broadcastInDim(x, [size, ...x.shape], range(x.ndim, 1))));
}
