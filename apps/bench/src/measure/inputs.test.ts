import { describe, expect, test } from 'vitest';
import { integers, uniform } from '../cases/case';
import { generate } from './inputs';

describe('inputs', () => {
  test('are the same every time, and differ from one input to the next', () => {
    const spec = uniform('a', [4, 5]);
    expect(generate(spec, 0)).toEqual(generate(spec, 0));
    expect(generate(spec, 0)).not.toEqual(generate(spec, 1));
  });

  test('keep their values from version to version', () => {
    expect(Array.from(generate(integers('a', [6], 1000), 0))).toEqual([70, 649, 492, 456, 602, 963]);
  });

  test('are spread evenly over their range', () => {
    const n = 200_000;
    const values = Array.from(generate(uniform('a', [n], -2, 4), 3));
    // The mean of n uniform values deviates by more than 5 standard errors with a probability below 1e-6.
    const mean = values.reduce((sum, v) => sum + v, 0) / n;
    expect(Math.abs(mean - 1)).toBeLessThan((5 * 6) / Math.sqrt(12 * n));
    expect(Math.min(...values.slice(0, 1000))).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...values.slice(0, 1000))).toBeLessThanOrEqual(4);
  });

  test('hit every whole number', () => {
    const values = generate(integers('y', [1000], 10), 0);
    expect(values).toBeInstanceOf(Int32Array);
    expect([...new Set(values)].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
