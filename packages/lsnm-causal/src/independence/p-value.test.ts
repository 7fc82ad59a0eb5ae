import { array, np, random } from '@forback/core';
import { expect, test } from 'vitest';
import { normals, uniforms } from '../test-support';
import { gammaUpperTail, logGamma } from './gamma-distribution';
import { hsicStatistic } from './hsic';
import { gammaPValue } from './p-value';
import { permutationPValue } from './permutation';

test('ln Γ is that of factorials and of ½', () => {
  let factorial = 1;
  for (let n = 1; n < 20; n++) {
    expect(logGamma(n)).toBeCloseTo(Math.log(factorial), 11);
    factorial *= n;
  }
  expect(logGamma(0.5)).toBeCloseTo(0.5 * Math.log(Math.PI), 12);
});

test('the upper tail is that of sums of exponentials and of the square of a normal', () => {
  for (const x of [0.01, 0.7, 3, 12, 60]) {
    // The waiting time of the third event: e⁻ˣ(1 + x + x²/2).
    expect(gammaUpperTail(2 * x, 3, 2) / (Math.exp(-x) * (1 + x + (x * x) / 2))).toBeCloseTo(1, 11);
    const normal = np.erfc(array(Math.sqrt(x), { dtype: 'float64' })).item();
    expect(gammaUpperTail(x, 0.5, 1) / normal).toBeCloseTo(1, 10);
  }
  expect([gammaUpperTail(0, 2, 1), gammaUpperTail(1e4, 2, 1)]).toEqual([1, 0]);
});

test('gamma p-values of independent samples are uniform', { timeout: 60_000 }, async () => {
  const runs = 250;
  const values: number[] = [];
  for (let run = 0; run < runs; run++) {
    const statistic = await hsicStatistic(normals(run, 200), uniforms(run + 5000, 200));
    values.push(gammaPValue(statistic, 200));
  }
  values.sort((a, b) => a - b);
  const distance = Math.max(...values.map((p, i) => Math.max((i + 1) / runs - p, p - i / runs)));
  // Kolmogorov–Smirnov at 1 %: 1.63/√n.
  expect(distance).toBeLessThan(1.63 / Math.sqrt(runs));
});

test('gamma p-values are within 0.02 of permutations, and small under dependence', { timeout: 60_000 }, async () => {
  const permutations = 1000;
  for (const seed of [0, 1, 2, 3]) {
    const x = normals(seed, 120);
    const noise = uniforms(seed + 50, 120);
    const y = noise.map((v, i) => v + 0.02 * (x[i] as number));
    const gamma = gammaPValue(await hsicStatistic(x, y), 120);
    const permuted = await permutationPValue(x, y, { key: random.key(seed), permutations });
    const error = 3 * Math.sqrt((permuted * (1 - permuted)) / permutations);
    expect(Math.abs(gamma - permuted)).toBeLessThan(0.02 + error);
  }
  const x = normals(9, 100);
  const y = x.map((v) => v * v);
  expect(gammaPValue(await hsicStatistic(x, y), 100)).toBeLessThan(1e-6);
  expect(await permutationPValue(x, y, { key: random.key(0), permutations: 49 })).toBe(0.02);
});

test('a constant is independent of everything', async () => {
  const statistic = await hsicStatistic(normals(1, 30), new Float64Array(30));
  expect(gammaPValue(statistic, 30)).toBe(1);
});
