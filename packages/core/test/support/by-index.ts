import { allocate, type DType } from '../../src/array/dtype';
import { NDArray } from '../../src/array/ndarray';
import { rowMajorStrides, type Shape, sizeOf } from '../../src/array/shape';

/** Every index of a shape, the last axis fastest. */
export function indicesOf(shape: Shape): number[][] {
  return shape.reduce<number[][]>(
    (heads, n) => heads.flatMap((head) => Array.from({ length: n }, (_, i) => [...head, i])),
    [[]],
  );
}

export function element(x: NDArray, index: readonly number[]): number {
  const strides = rowMajorStrides(x.shape);
  return x.dataSync()[index.reduce((at, i, axis) => at + i * (strides[axis] as number), 0)] as number;
}

/** The array with the given element at each index: a definition without any library. */
export function byIndex(shape: Shape, dtype: DType, f: (index: number[]) => number): NDArray {
  const data = allocate(dtype, sizeOf(shape));
  indicesOf(shape).forEach((index, i) => {
    data[i] = f(index);
  });
  return NDArray.fromStorage(data, { shape: [...shape], dtype });
}

/** An index of a broadcast shape as an index of one of its operands. */
export function broadcastIndex(index: readonly number[], shape: Shape): number[] {
  return shape.map((n, axis) => (n === 1 ? 0 : (index[index.length - shape.length + axis] as number)));
}
