import { expect } from 'vitest';
import type { DType } from '../array/dtype';
import { NDArray } from '../array/ndarray';
import { array } from '../numpy/creation';
import { grad } from '../transforms/grad';

/** The elements in row-major order. */
export function elements(x: NDArray): number[] {
  return Array.from(x.dataSync());
}

/** Flat data in a shape. */
export function filled(data: readonly number[], shape: readonly number[], dtype: DType = 'float64'): NDArray {
  return array(data, { shape, dtype });
}

/** Numbers that look random and are the same on every run: a Weyl sequence on [-scale, scale]. */
export function scattered(shape: readonly number[], scale = 1, dtype: DType = 'float64'): NDArray {
  const n = shape.reduce((a, b) => a * b, 1);
  const data = Array.from({ length: n }, (_, i) => scale * (2 * (((i + 1) * 0.6180339887498949) % 1) - 1));
  return filled(data, shape, dtype);
}

/** Each element within `tolerance` of the expected one, relative to its size but at least to 1 · tolerance · `floor`. */
export function expectClose(
  actual: NDArray | readonly number[],
  expected: readonly number[],
  tolerance: number,
  floor = 1,
): void {
  const got = actual instanceof NDArray ? elements(actual) : [...actual];
  expect(got.length).toBe(expected.length);
  got.forEach((value, i) => {
    const wanted = expected[i] as number;
    if (Object.is(value, wanted) || value === wanted) return;
    const error = Math.abs(value - wanted) / Math.max(floor, Math.abs(wanted));
    if (!(error <= tolerance))
      expect.fail(`element ${i}: expected ${wanted}, got ${value} (error ${error} > ${tolerance})`);
  });
}

/** Central differences of fourth order. */
export function numericGradient(f: (x: NDArray) => NDArray, x: NDArray, h = 1e-3): number[] {
  const data = elements(x);
  const at = (i: number, by: number) => f(filled(data.with(i, (data[i] as number) + by), x.shape)).item();
  return data.map((_, i) => (8 * (at(i, h) - at(i, -h)) - (at(i, 2 * h) - at(i, -2 * h))) / (12 * h));
}

/** The gradient of a scalar function against finite differences, in double precision. */
export function expectGradient(f: (x: NDArray) => NDArray, x: NDArray, tolerance = 1e-8): void {
  expect(x.dtype).toBe('float64');
  const gradient = grad(f)(x) as NDArray;
  expect(gradient.shape).toEqual(x.shape);
  expectClose(gradient, numericGradient(f, x), tolerance);
}

/** Σ x · w with fixed, different weights: no gradient of an element can hide behind that of another. */
export function weighted(x: NDArray): NDArray {
  return x.mul(scattered(x.shape, 1, x.dtype).add(1.25)).sum();
}
