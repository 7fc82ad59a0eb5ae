import type { Shape } from './types';

/** Number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((size, extent) => size * extent, 1);
}

/** How far one step along each axis goes in row-major order. */
export function stridesOf(shape: Shape): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** The offset of every index of the box `sizes`, in row-major order of the index, under the given strides. */
export function offsetsOf(sizes: Shape, strides: Shape): Int32Array {
  let offsets: Int32Array = new Int32Array(1);
  sizes.forEach((size, axis) => {
    const stride = strides[axis] as number;
    const next = new Int32Array(offsets.length * size);
    offsets.forEach((offset, i) => {
      for (let j = 0; j < size; j++) next[i * size + j] = offset + j * stride;
    });
    offsets = next;
  });
  return offsets;
}
