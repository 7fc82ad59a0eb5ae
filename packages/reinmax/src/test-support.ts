import { jit, type NDArray, np, random, vmap } from '@forback/core';
import { expect } from 'vitest';
import {
  decoupledStraightThrough,
  type Estimator,
  gst,
  gumbelRao,
  reinforce,
  reinmax,
  reinmaxCV,
  reinmaxRao,
  type SampleCost,
  straightThrough,
  straightThroughGumbel,
} from './index';

/** Every estimator under its name, with few resamples. */
const estimators: Record<string, Estimator> = {
  decoupledStraightThrough,
  'gst 1': gst,
  'gst p': (logits, key, options) => gst(logits, key, { ...options, gap: 'probability' }),
  gumbelRao: (logits, key, options) => gumbelRao(logits, key, { ...options, resamples: 3 }),
  reinforce,
  reinmax,
  reinmaxCV: (logits, key, options) => reinmaxCV(logits, key, { ...options, resamples: 3 }),
  reinmaxRao: (logits, key, options) => reinmaxRao(logits, key, { ...options, resamples: 3 }),
  straightThrough,
  straightThroughGumbel,
};

export const cases = Object.entries(estimators).map(([name, estimator]) => ({ name, estimator }));

export type Float = 'float32' | 'float64';

export function normal(seed: number, shape: readonly number[], dtype: Float = 'float64'): NDArray {
  return random.normal(random.key(seed), { shape, dtype });
}

/** xᵀ A x + b · x of the flattened sample, with coefficients of order 1. */
export function quadratic(seed: number, size: number, dtype: Float = 'float64'): SampleCost {
  const a = normal(seed, [size, size], dtype).mul(0.5);
  const b = normal(seed + 1, [size], dtype);
  return (sample) => {
    const x = sample.reshape([size]);
    return x.matmul(a).mul(x).sum().add(x.mul(b).sum());
  };
}

export function largestDifference(a: NDArray, b: NDArray): number {
  expect(a.shape).toEqual(b.shape);
  return np.abs(a.sub(b)).max().item();
}

/** Of independent gradients. */
export interface SampleMoments {
  samples: number;
  mean: NDArray;
  /** Of each element. */
  variances: NDArray;
  /** Their sum. */
  total: number;
}

/** @param all - [samples, ...]. */
export function momentsOf(all: NDArray): SampleMoments {
  const samples = all.shape[0] as number;
  const mean = all.mean(0);
  const variances = np
    .square(all.sub(mean))
    .sum(0)
    .div(samples - 1);
  return { samples, mean, variances, total: variances.sum().item() };
}

export function gradientMoments(gradientOf: (key: NDArray) => NDArray, samples: number, seed: number): SampleMoments {
  return momentsOf(jit(vmap(gradientOf))(random.splitMany(random.key(seed), samples)));
}

/** Differences of means in standard errors, the largest. */
export function largestZ(a: SampleMoments, b: SampleMoments): number {
  const error = np.sqrt(a.variances.div(a.samples).add(b.variances.div(b.samples)));
  return np.abs(a.mean.sub(b.mean)).div(error).max().item();
}

/** The p-value's critical point of the Kolmogorov-Smirnov distance of two samples, at error rate 1e-4. */
export function ksCritical(n: number, m: number): number {
  return Math.sqrt(-0.5 * Math.log(1e-4 / 2)) * Math.sqrt((n + m) / (n * m));
}

/** The largest distance of two empirical distribution functions. */
export function ksDistance(a: readonly number[], b: readonly number[]): number {
  const x = [...a].sort((p, q) => p - q);
  const y = [...b].sort((p, q) => p - q);
  let i = 0;
  let j = 0;
  let distance = 0;
  while (i < x.length && j < y.length) {
    if ((x[i] as number) <= (y[j] as number)) i++;
    else j++;
    distance = Math.max(distance, Math.abs(i / x.length - j / y.length));
  }
  return distance;
}
