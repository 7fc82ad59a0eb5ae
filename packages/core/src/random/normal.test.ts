import { describe, expect, test } from 'vitest';
import { erfc } from '../backends/reference/kernels/special';
import { array } from '../numpy';
import { key, normal, truncatedNormal, uniform } from '.';
import { kolmogorovSmirnov, meanOf, meanScore, numbersOf, varianceOf } from './test-support';

const cdf = (x: number) => erfc(-x / Math.SQRT2) / 2;
const n = 20000;

describe('normal', () => {
  test.each(['float32', 'float64'] as const)('is normal: %s', (dtype) => {
    const drawn = numbersOf(normal(key(1), { shape: [n], dtype }));
    expect(kolmogorovSmirnov(drawn, cdf)).toBeLessThan(2.23);
    expect(Math.abs(meanScore(drawn, 0, 1))).toBeLessThan(3.89);
    // x², x³ and x⁴ have means 1, 0 and 3, and variances 2, 15 and 96.
    expect(
      Math.abs(
        meanScore(
          drawn.map((x) => x ** 2),
          1,
          2,
        ),
      ),
    ).toBeLessThan(3.89);
    expect(
      Math.abs(
        meanScore(
          drawn.map((x) => x ** 3),
          0,
          15,
        ),
      ),
    ).toBeLessThan(3.89);
    expect(
      Math.abs(
        meanScore(
          drawn.map((x) => x ** 4),
          3,
          96,
        ),
      ),
    ).toBeLessThan(3.89);
    expect(drawn.every((x) => Number.isFinite(x) && x !== 0)).toBe(true);
  });

  test('rises with the uniform number of the same key, and the dtypes agree', () => {
    const z = numbersOf(normal(key(1), { shape: [1000] }));
    const u = numbersOf(uniform(key(1), { shape: [1000] }));
    const double = numbersOf(normal(key(1), { shape: [1000], dtype: 'float64' }));
    z.forEach((v, i) => {
      // u is cut to a multiple of 2^-24 and z belongs to the middle of the step.
      expect(Math.abs(cdf(v) - (u[i] as number) - 2 ** -25)).toBeLessThan(2 ** -22);
      expect(Math.abs(cdf(v) - cdf(double[i] as number))).toBeLessThan(2 ** -22);
    });
  });

  test('mean and std may be arrays, which give the shape', () => {
    const z = normal(key(1), { shape: [2, 3] });
    const mean = array([10, 20, 30]);
    const std = array([[1], [0]]);
    const drawn = normal(key(1), { mean, std });
    expect(drawn.toJS()).toEqual(z.mul(std).add(mean).toJS());
    expect(normal(key(1), { mean, shape: [2, 3] }).toJS()).toEqual(z.add(mean).toJS());
    expect(normal(key(1), { mean: 3, std: 2 }).item()).toBe(z.at(0, 0).mul(2).add(3).item());
  });

  test('is float64 where mean or std is, and numbers keep their precision', () => {
    expect(normal(key(0), { std: array(1, { dtype: 'float64' }) }).dtype).toBe('float64');
    expect(normal(key(0), { std: array(1, { dtype: 'float64' }), dtype: 'float32' }).dtype).toBe('float32');
    expect(normal(key(0), { mean: 0.1, std: 0, dtype: 'float64' }).item()).toBe(0.1);
    expect(normal(key(0), { mean: array(2, { dtype: 'int32' }), std: 0 }).dtype).toBe('float32');
  });

  test('errors', () => {
    expect(() => normal(key(0), { std: -1 })).toThrow('random.normal: expected std to be 0 or more, got -1');
    expect(() => normal(key(0), { std: array([1, Number.NaN]) })).toThrow('got NaN');
    expect(() => normal(key(0), { mean: array([1, 2]), shape: [3] })).toThrow(
      'random.normal: mean and std of shape [2] does not broadcast to shape [3]',
    );
    expect(() => normal(key(0), { mean: array([1, 2]), shape: [] })).toThrow('does not broadcast to shape []');
    expect(() => normal(key(0), { mean: array([1, 2]), shape: [1] })).toThrow('does not broadcast to shape [1]');
    expect(() => normal(key(0), { dtype: 'uint32' })).toThrow('random.normal: expected dtype float32 or float64');
  });
});

describe('truncatedNormal', () => {
  test.each([
    [-2, 2],
    [0.1, 0.3],
    [-1, Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    [4, 5],
    [-6.5, -6],
  ])('is normal between %s and %s', (lower, upper) => {
    const [low, high] = [Math.fround(lower), Math.fround(upper)];
    // Differences of small probabilities are exact on the left.
    const mass = (a: number, b: number) => (a > 0 ? cdf(-a) - cdf(-b) : cdf(b) - cdf(a));
    for (const dtype of ['float32', 'float64'] as const) {
      const drawn = numbersOf(truncatedNormal(key(2), { shape: [5000], lower, upper, dtype }));
      expect(Math.min(...drawn)).toBeGreaterThanOrEqual(low);
      expect(Math.max(...drawn)).toBeLessThanOrEqual(high);
      expect(kolmogorovSmirnov(drawn, (x) => mass(low, x) / mass(low, high))).toBeLessThan(2.23);
    }
  });

  test('the standard deviation on [-2, 2]', () => {
    const drawn = numbersOf(truncatedNormal(key(3), { shape: [n] }));
    expect(Math.abs(Math.sqrt(varianceOf(drawn)) - 0.8796)).toBeLessThan(0.015);
    expect(Math.abs(meanOf(drawn))).toBeLessThan(0.025);
  });

  test('stays within bounds where double precision is coarse', () => {
    const options = { shape: [5000], lower: 6.99, upper: Number.POSITIVE_INFINITY, dtype: 'float64' } as const;
    // With the first key the inverse falls below 6.99 once, with the second the probability rounds to 1.
    expect(Math.min(...numbersOf(truncatedNormal(key(2), options)))).toBe(6.99);
    expect(Math.max(...numbersOf(truncatedNormal(key(29), options)))).toBeCloseTo(8.2924, 4);
  });

  test('stays within bounds that the dtype rounds', () => {
    const drawn = numbersOf(truncatedNormal(key(4), { shape: [2000], lower: 0.1, upper: 0.1000001 }));
    expect(drawn.every((v) => v >= Math.fround(0.1) && v <= Math.fround(0.1000001))).toBe(true);
  });

  test('errors', () => {
    expect(() => truncatedNormal(key(0), { lower: 2, upper: 2 })).toThrow(
      'random.truncatedNormal: expected lower < upper, got lower 2 and upper 2',
    );
    expect(() => truncatedNormal(key(0), { lower: Number.NaN })).toThrow('got lower NaN and upper 2');
    expect(() => truncatedNormal(key(0), { lower: 9, upper: 10 })).toThrow(
      'random.truncatedNormal: the interval from 9 to 10 has a probability of about 0; expected at least 2^-40',
    );
  });
});
