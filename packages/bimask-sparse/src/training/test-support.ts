import { type NDArray, random, tree } from '@forback/core';
import { expect } from 'vitest';
import type { SparseMethod } from './method';
import { biMask, oneShot, srSte, sSte, transposable } from './methods';

export const normal = (seed: number, shape: number[]): NDArray => random.normal(random.key(seed), { shape });
export const numbers = (x: unknown) => tree.leaves(x).flatMap((leaf) => [...leaf.dataSync()]);
export function expectClose(a: unknown, b: unknown, tolerance = 2e-5) {
  const [x, y] = [numbers(a), numbers(b)];
  expect(x.length).toBe(y.length);
  const scale = Math.max(1, ...y.map(Math.abs));
  x.forEach((value, i) => expect(Math.abs(value - (y[i] as number))).toBeLessThanOrEqual(tolerance * scale));
}

export const methods: [string, () => SparseMethod][] = [
  ['biMask', () => biMask(random.key(5))],
  ['srSte', () => srSte()],
  ['shared srSte', () => srSte({ shared: true })],
  ['transposable', () => transposable()],
  ['exact transposable', () => transposable({ solver: 'exact' })],
  ['oneShot', () => oneShot()],
  ['sSte', () => sSte()],
];
