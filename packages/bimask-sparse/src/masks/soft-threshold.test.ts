import { array, type NDArray, np, random } from '@forback/core';
import { describe, expect, test } from 'vitest';
import { mvue24 } from './mvue24';
import { softThreshold, softThresholdScale } from './soft-threshold';

const gaussian = (seed: number, shape: number[]) => random.normal(random.key(seed), { shape, dtype: 'float64' });
// Without the signs of zeros.
const numbers = (x: NDArray) => [...x.dataSync()].map((v) => v + 0);

describe('S-STE', () => {
  test('subtracts the third largest magnitude of four and keeps two', () => {
    const w = array([[3, -5, 1, 2, -1, -1, 4, 0]], { dtype: 'float64' });
    expect(numbers(softThreshold(w, '2:4'))).toEqual([1, -3, 0, 0, 0, 0, 3, 0]);
  });

  test('keeps at most N of M, also in [inputs, outputs] and with a short last group', () => {
    const w = gaussian(1, [6, 21]);
    const projected = softThreshold(w, '2:8');
    const counts = np.notEqual(projected, 0).astype('int32').sum(1);
    expect(numbers(counts)).toEqual([6, 6, 6, 6, 6, 6]);
    expect(numbers(softThreshold(w.transpose(), '2:8', { inputAxis: 0 }).transpose())).toEqual(numbers(projected));
  });

  test('is continuous: across a tie the result moves as little as the weights', () => {
    const step = 1e-7;
    const before = softThreshold(array([[2, 1 + step, 1, 0.5]], { dtype: 'float64' }), '2:4');
    const after = softThreshold(array([[2, 1, 1 + step, 0.5]], { dtype: 'float64' }), '2:4');
    expect(np.abs(before.sub(after)).max().item()).toBeLessThanOrEqual(1.01 * step);
  });

  test('β has the least distance from β S to W', () => {
    const w = gaussian(2, [8, 16]);
    const s = softThreshold(w, '2:4');
    const beta = softThresholdScale(w, s).item();
    const distance = (b: number) =>
      np
        .square(w.sub(s.mul(b)))
        .sum()
        .item();
    expect(distance(beta)).toBeLessThan(distance(beta * 1.01));
    expect(distance(beta)).toBeLessThan(distance(beta * 0.99));
    expect(softThresholdScale(np.zeros([2, 4]), np.zeros([2, 4])).item()).toBe(1);
  });
});

describe('MVUE of 2:4', () => {
  /** Exact mean over the ordered draws, and the inclusion probabilities. */
  function exactMean(x: number[]): { mean: number[]; probabilities: number[] } {
    const a = x.map((v) => Math.abs(v) + 1.19e-7);
    const total = a.reduce((s, v) => s + v, 0);
    const t = a.map((v) => v / total);
    const p = a.map(
      (v, i) => (t[i] as number) + t.reduce((s, tj, j) => (j === i ? s : s + (v * tj) / (total - (a[j] as number))), 0),
    );
    const mean = [0, 0, 0, 0];
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        if (i === j) continue;
        const probability = ((t[i] as number) * (a[j] as number)) / (total - (a[i] as number));
        for (const k of [i, j]) mean[k] = (mean[k] as number) + (probability * (x[k] as number)) / (p[k] as number);
      }
    }
    return { mean, probabilities: p };
  }

  test('two entries of four are drawn, divided by their probability', () => {
    const x = gaussian(3, [50, 8]);
    const sample = mvue24(x, random.key(4));
    const [given, drawn] = [x, sample].map((a) => a.reshape([100, 4]).toJS() as number[][]) as [number[][], number[][]];
    given.forEach((group, g) => {
      const { mean, probabilities } = exactMean(group);
      expect(probabilities.reduce((s, p) => s + p, 0)).toBeCloseTo(2, 12);
      mean.forEach((v, i) => expect(v).toBeCloseTo(group[i] as number, 12));
      const kept = drawn[g] as number[];
      expect(kept.filter((v) => v !== 0)).toHaveLength(2);
      kept.forEach((v, i) => {
        if (v !== 0) expect(v).toBeCloseTo((group[i] as number) / (probabilities[i] as number), 9);
      });
    });
  });

  // 20,000 draws; the standard error of each mean is known from the sample, and 5 of them are missed once in a million.
  test('the mean over draws is x', () => {
    const x = array([3, -1, 0.5, -2], { dtype: 'float64' });
    const draws = 20_000;
    const samples = mvue24(np.broadcastTo(x, [draws, 4]), random.key(5));
    const error = np.abs(samples.mean(0).sub(x));
    const standardError = np.std(samples, 0).div(Math.sqrt(draws));
    expect(np.all(error.less(standardError.mul(5))).item()).toBe(1);
    expect(standardError.max().item()).toBeLessThan(0.03);
  });

  test('zeros stay zeros, and a single entry stays itself', () => {
    expect(numbers(mvue24(np.zeros([2, 4]), random.key(6)))).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    const [alone] = numbers(mvue24(array([2, 0, 0, 0], { dtype: 'float64' }), random.key(7)));
    expect(alone).toBeCloseTo(2, 6);
  });

  test('bad input', () => {
    expect(() => mvue24(np.ones([2, 6]), random.key(0))).toThrow(/multiple of 4, got shape \[2, 6\]; pad it/);
    expect(() => mvue24(np.ones([4]).astype('int32'), random.key(0))).toThrow(/expected floats, got int32/);
  });
});
