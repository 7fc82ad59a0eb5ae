import { threefry2x32 } from './threefry';
import type { Kernel, Shape, TypedArray } from './types';

/** Runs a kernel on outputs full of stale data and gives them back. */
export function run<Outputs extends TypedArray[]>(
  kernel: Kernel,
  inputs: readonly TypedArray[],
  ...outputs: Outputs
): Outputs {
  for (const output of outputs) output.fill(77);
  kernel(inputs, outputs);
  return outputs;
}

/** Numbers in [-1, 1), always the same for a seed. */
export function uniform(size: number, seed: number): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => threefry2x32(seed, 0, i, 0)[0] / 2 ** 31 - 1);
}

/** Integers from -9 to 9, whose products and sums are exact in every float. */
export function smallIntegers(size: number, seed: number): Float64Array {
  return uniform(size, seed).map((x) => Math.trunc(x * 10));
}

/** Every index of a shape, the last axis fastest. */
export function indicesOf(shape: Shape): number[][] {
  if (shape.length === 0) return [[]];
  const [first = 0, ...rest] = shape;
  return Array.from({ length: first }, (_, i) => indicesOf(rest).map((tail) => [i, ...tail])).flat();
}

/** Where the element at an index lies in dense row-major data. */
export function position(shape: Shape, index: readonly number[]): number {
  return shape.reduce((at, extent, axis) => at * extent + (index[axis] as number), 0);
}

export function total(shape: Shape): number {
  return indicesOf(shape).length;
}

/** Sum of the products of corresponding entries. */
export function inner(a: TypedArray, b: TypedArray): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
