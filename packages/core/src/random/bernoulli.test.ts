import { describe, expect, test } from 'vitest';
import { array } from '../numpy';
import { bernoulli, key } from '.';
import { meanOf, numbersOf } from './test-support';

describe('bernoulli', () => {
  test.each([0.5, 0.1, 0.999, 0.001])('is true with probability %s', (p) => {
    for (const dtype of ['float32', 'float64'] as const) {
      const drawn = bernoulli(key(1), array(p, { dtype }), { shape: [20000] });
      expect(drawn.dtype).toBe('bool');
      const score = (meanOf(numbersOf(drawn)) - p) / Math.sqrt((p * (1 - p)) / 20000);
      expect(Math.abs(score)).toBeLessThan(3.89);
    }
  });

  test('small probabilities are not rounded to multiples of 2^-24', () => {
    // Expected: 2^22 · 2^-26 = 1/16 hits; with steps of 2^-24 it would be 1/4. More than 3 have probability 10^-6.
    expect(
      bernoulli(key(6), 2 ** -26, { shape: [2 ** 20] })
        .sum()
        .item(),
    ).toBeLessThan(3);
    // 2^20 · 2^-14 = 64 expected, ± 8.
    expect(
      Math.abs(
        bernoulli(key(6), 2 ** -14, { shape: [2 ** 20] })
          .sum()
          .item() - 64,
      ) / 8,
    ).toBeLessThan(4.5);
  });

  test('0 is never and 1 is always', () => {
    expect(
      bernoulli(key(2), array([0, 1]), { shape: [5000, 2] })
        .sum(0)
        .toJS(),
    ).toEqual([0, 5000]);
    expect(bernoulli(key(2), true).item()).toBe(1);
  });

  test('has the shape of p, or one that p broadcasts to', () => {
    expect(bernoulli(key(0), array([0.5, 0.5])).shape).toEqual([2]);
    expect(bernoulli(key(0), array([0.5, 0.5]), { shape: [3, 2] }).shape).toEqual([3, 2]);
    expect(() => bernoulli(key(0), array([0.5, 0.5]), { shape: [3] })).toThrow('random.bernoulli');
  });

  test.each([-0.1, 1.1, Number.NaN])('refuses p = %s', (p) => {
    expect(() => bernoulli(key(0), p)).toThrow(/random\.bernoulli: expected p in \[0, 1\], got/);
    expect(() => bernoulli(key(0), array([0.5, p]))).toThrow('expected p in [0, 1]');
  });
});
