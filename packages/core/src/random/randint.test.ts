import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { threefry2x32 } from '../backends/reference/kernels/threefry';
import { key, randint } from '.';
import { chiSquareScore, countsOf, numbersOf } from './test-support';

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

describe('randint', () => {
  test('is the upper part of the product of a 64-bit word with the span', () => {
    fc.assert(
      fc.property(fc.nat(), int32, int32, (seed, a, b) => {
        const [minval, maxval] = [Math.min(a, b), Math.max(a, b) + 1];
        const drawn = randint(key(seed), { shape: [20], minval, maxval });
        expect(drawn.dtype).toBe('int32');
        const expected = Array.from({ length: 20 }, (_, i) => {
          const [first, second] = threefry2x32(0, seed, 0, i);
          const word = (BigInt(first) << 32n) | BigInt(second);
          return Number((word * BigInt(maxval - minval)) >> 64n) + minval;
        });
        expect(numbersOf(drawn)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  test.each([2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1, 2 ** 32])('a span of %s', (span) => {
    const drawn = numbersOf(randint(key(5), { shape: [4000], minval: -(2 ** 31), maxval: span - 2 ** 31 }));
    const counts = countsOf(
      drawn.map((v) => Math.floor(((v + 2 ** 31) / span) * 16)),
      16,
    );
    expect(chiSquareScore(counts, new Array(16).fill(1 / 16))).toBeLessThan(3.72);
  });

  test('all numbers are equally likely', () => {
    const drawn = numbersOf(randint(key(3), { shape: [200, 100], minval: -3, maxval: 4 }));
    const counts = countsOf(
      drawn.map((v) => v + 3),
      7,
    );
    expect(chiSquareScore(counts, new Array(7).fill(1 / 7))).toBeLessThan(3.72);
  });

  test('one number is certain', () => {
    expect(randint(key(0), { maxval: 1 }).item()).toBe(0);
    expect(randint(key(0), { minval: 2 ** 31 - 1, maxval: 2 ** 31 }).item()).toBe(2 ** 31 - 1);
  });

  test.each([
    [0, 0],
    [1, 0],
    [0.5, 2],
    [0, Number.NaN],
    [0, 2 ** 31 + 1],
    [-(2 ** 31) - 1, 0],
  ])('refuses minval %s with maxval %s', (minval, maxval) => {
    expect(() => randint(key(0), { minval, maxval })).toThrow(
      `random.randint: expected whole numbers with -2^31 <= minval < maxval <= 2^31, got minval ${minval} and maxval ${maxval}`,
    );
  });
});
