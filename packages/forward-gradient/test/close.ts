import { type NDArray, np, tree } from '@forback/core';
import { expect } from 'vitest';

function leaves(actual: unknown, expected: unknown): [NDArray, NDArray, string][] {
  const [left, right] = [tree.paths(actual), tree.paths(expected)];
  expect(left.map(({ path, leaf }) => `${path} ${leaf.dtype}[${leaf.shape}]`)).toEqual(
    right.map(({ path, leaf }) => `${path} ${leaf.dtype}[${leaf.shape}]`),
  );
  return left.map(({ leaf, path }, i) => [leaf, (right[i] as { leaf: NDArray }).leaf, path]);
}

/** Equal trees up to rounding, relative to the largest number of each array. */
export function expectClose(actual: unknown, expected: unknown, tolerance = 1e-12): void {
  for (const [a, b, path] of leaves(actual, expected)) {
    const scale = Math.max(1e-30, np.abs(b).max().item());
    expect(np.abs(a.sub(b)).max().item() / scale, path).toBeLessThanOrEqual(tolerance);
  }
}

/** Equal trees, number by number. */
export function expectSameBits(actual: unknown, expected: unknown): void {
  for (const [a, b, path] of leaves(actual, expected)) expect(a.dataSync(), path).toEqual(b.dataSync());
}
