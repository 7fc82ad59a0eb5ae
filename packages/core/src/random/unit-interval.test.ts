import { describe, expect, test } from 'vitest';
import type { NDArray } from '../array/ndarray';
import { array, erfInv, log, log1p, negative } from '../numpy';
import { numbersOf } from './test-support';
import { halfOpenUnit, openUnit, step, symmetricUnit } from './unit-interval';

const top = 2 ** 32 - 1;
const words = (first: number[], second = first) =>
  [array(Uint32Array.from(first)), array(Uint32Array.from(second))] as const;

describe.each(['float32', 'float64'] as const)('%s', (dtype) => {
  const n = dtype === 'float32' ? 24 : 53;
  const edges = words([0, 2 ** 31 - 1, 2 ** 31, top], [0, top, 0, top]);

  test('the smallest, middle and largest numbers of [0, 1)', () => {
    expect(numbersOf(halfOpenUnit(edges, dtype))).toEqual([0, 0.5 - 2 ** -n, 0.5, 1 - 2 ** -n]);
    expect(step(dtype)).toBe(2 ** -n);
  });

  test('of (-1, 1), in mirrored pairs', () => {
    expect(numbersOf(symmetricUnit(edges, dtype))).toEqual([2 ** -n - 1, -(2 ** -n), 2 ** -n, 1 - 2 ** -n]);
  });

  test('of (0, 1)', () => {
    const fine = dtype === 'float32' ? 2 ** -32 : 2 ** -53;
    // The last sums round to 1 by themselves.
    expect(numbersOf(openUnit(edges, dtype))).toEqual(
      [fine / 2, 0.5, 0.5, 1 - 2 ** -n].map((v, i) => (i === 1 && n === 53 ? 0.5 - 2 ** -54 : v)),
    );
    const small = dtype === 'float32' ? words([1, 2]) : words([0, 0], [2 ** 11, 2 ** 12]);
    expect(numbersOf(openUnit(small, dtype))).toEqual([1.5 * fine, 2.5 * fine]);
  });

  test('what is computed of them is finite', () => {
    const finite = (x: NDArray) => numbersOf(x).every(Number.isFinite);
    expect(finite(erfInv(symmetricUnit(edges, dtype)))).toBe(true);
    expect(finite(log(negative(log1p(negative(openUnit(edges, dtype))))))).toBe(true);
  });
});
