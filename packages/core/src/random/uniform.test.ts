import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array } from '../numpy';
import { bits, key, uniform } from '.';
import { kolmogorovSmirnov, meanScore, numbersOf } from './test-support';

const finite32 = fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-1e38), max: Math.fround(1e38) });

describe('uniform', () => {
  test('float32 is the upper 24 bits, and float64 continues them', () => {
    const words = numbersOf(bits(key(1), [1000]));
    const single = numbersOf(uniform(key(1), { shape: [1000] }));
    const double = numbersOf(uniform(key(1), { shape: [1000], dtype: 'float64' }));
    expect(single).toEqual(words.map((w) => (w >>> 8) / 2 ** 24));
    expect(double.map((v) => Math.floor(v * 2 ** 24) / 2 ** 24)).toEqual(single);
    expect(new Set(double.map((v) => (v * 2 ** 53) % 2)).size).toBe(2);
    expect(double.every((v) => Number.isInteger(v * 2 ** 53))).toBe(true);
  });

  test.each(['float32', 'float64'] as const)('is distributed evenly: %s', (dtype) => {
    const drawn = numbersOf(uniform(key(7), { shape: [20000], dtype, minval: -3, maxval: 5 }));
    expect(kolmogorovSmirnov(drawn, (x) => (x + 3) / 8)).toBeLessThan(2.23);
    expect(Math.abs(meanScore(drawn, 1, 64 / 12))).toBeLessThan(3.89);
  });

  test('stays in [minval, maxval), whatever rounding does', () => {
    fc.assert(
      fc.property(fc.nat(), finite32, finite32, fc.constantFrom('float32', 'float64'), (seed, a, b, dtype) => {
        const [minval, maxval] = a < b ? [a, b] : [b, a];
        for (const v of numbersOf(uniform(key(seed), { shape: [64], minval, maxval, dtype }))) {
          expect(v >= minval && (v < maxval || minval === maxval)).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('takes the last number below maxval where the sum rounds up', () => {
    // Between 2^24 and 2^24 + 2 float32 has nothing; half of the sums round up.
    const drawn = numbersOf(uniform(key(0), { shape: [100], minval: 2 ** 24, maxval: 2 ** 24 + 2 }));
    expect(new Set(drawn)).toEqual(new Set([2 ** 24]));
    const below = numbersOf(uniform(key(0), { shape: [100], minval: -(2 ** 24) - 2, maxval: -(2 ** 24) }));
    expect(new Set(below)).toEqual(new Set([-(2 ** 24) - 2]));
    const tiny = uniform(key(0), { shape: [100], minval: -(2 ** -149), maxval: 0 });
    expect(new Set(numbersOf(tiny))).toEqual(new Set([-(2 ** -149)]));
    const double = uniform(key(0), { shape: [100], minval: 2 ** 53, maxval: 2 ** 53 + 2, dtype: 'float64' });
    expect(new Set(numbersOf(double))).toEqual(new Set([2 ** 53]));
    const tiniest = uniform(key(0), { shape: [100], minval: -Number.MIN_VALUE, maxval: 0, dtype: 'float64' });
    expect(new Set(numbersOf(tiniest))).toEqual(new Set([-Number.MIN_VALUE]));
  });

  test('equal bounds give them', () => {
    expect(numbersOf(uniform(key(0), { shape: [3], minval: 2, maxval: 2 }))).toEqual([2, 2, 2]);
  });

  test('is a float32 scalar without options', () => {
    expect(uniform(key(0)).shape).toEqual([]);
    expect(uniform(key(0)).dtype).toBe('float32');
    expect(uniform(key(0), { shape: [0, 3] }).shape).toEqual([0, 3]);
  });

  test('errors', () => {
    expect(() => uniform(key(0), { minval: 1, maxval: 0 })).toThrow(
      'random.uniform: expected minval <= maxval, both finite in float32 and so is their distance, got minval 1 and maxval 0',
    );
    expect(() => uniform(key(0), { maxval: Number.NaN })).toThrow('got minval 0 and maxval NaN');
    expect(() => uniform(key(0), { maxval: Number.POSITIVE_INFINITY })).toThrow('maxval Infinity');
    expect(() => uniform(key(0), { maxval: 1e39 })).toThrow('both finite in float32');
    expect(() => uniform(key(0), { minval: -3e38, maxval: 3e38 })).toThrow('so is their distance');
    expect(() => uniform(key(0), { dtype: 'int32' })).toThrow(
      'random.uniform: expected dtype float32 or float64, got int32',
    );
    expect(() => uniform(key(0), { dtype: 'double' as never })).toThrow('random.uniform: expected a dtype');
    expect(() => uniform(key(0), { shape: [2, -1] })).toThrow('random.uniform: expected sizes to be whole numbers');
    expect(() => uniform(array([0, 1]))).toThrow('random.uniform: expected a key');
  });
});
