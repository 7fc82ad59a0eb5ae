import { array, jit, type NDArray, nn, np, random, vmap } from '@forback/core';
import { expect, test } from 'vitest';
import {
  estimateGradient,
  gumbelRao,
  reinforce,
  reinmax,
  reinmaxCV,
  type SampleCost,
  straightThroughGumbel,
} from './index';
import { quadratic } from './test-support';

const logits = array([0.5, -1, 1.2, 0], { dtype: 'float64' });
const n = 4;

test('samples follow the softmax of the logits', () => {
  // Chi-square with 3 degrees of freedom: 21.1 is exceeded with probability 1e-4.
  const draws = 20_000;
  const { sample } = straightThroughGumbel(np.broadcastTo(logits, [draws, n]), random.key(5), { temperature: 0.1 });
  const counts = sample.sum(0);
  const expected = nn.softmax(logits).mul(draws);
  expect(np.square(counts.sub(expected)).div(expected).sum().item()).toBeLessThan(21.1);
});

/** Mean and total variance of gradients, from many keys. */
function moments(gradientOf: (key: NDArray) => NDArray, samples: number, seed: number) {
  const all = jit(vmap(gradientOf))(random.splitMany(random.key(seed), samples));
  const mean = all.mean(0);
  const variances = np
    .square(all.sub(mean))
    .sum(0)
    .div(samples - 1);
  return { mean, variances, total: variances.sum().item() };
}

/** Differences of means in standard errors, the largest. */
function largestZ(a: ReturnType<typeof moments>, b: ReturnType<typeof moments>, samples: number): number {
  const error = np.sqrt(a.variances.add(b.variances).div(samples));
  return np.abs(a.mean.sub(b.mean)).div(error).max().item();
}

const f: SampleCost = quadratic(1, n);
const samples = 3000;

test('Gumbel-Rao has the mean of straight-through Gumbel-softmax and less variance', () => {
  const temperature = 0.5;
  const single = moments((k) => estimateGradient(straightThroughGumbel, f, logits, k, { temperature }), samples, 6);
  const rao = (resamples: number) =>
    moments(
      (k) => estimateGradient((x, q, o) => gumbelRao(x, q, { ...o, resamples }), f, logits, k, { temperature }),
      samples,
      7,
    );
  const averaged = rao(8);
  // Four normal deviates: 5 is exceeded with probability below 1e-5.
  expect(largestZ(single, averaged, samples)).toBeLessThan(5);
  expect(averaged.total).toBeLessThan(0.8 * single.total);
  expect(largestZ(single, rao(1), samples)).toBeLessThan(5);
});

test('a given sample makes straight-through Gumbel-softmax draw its noise given that sample', () => {
  const temperature = 0.5;
  const free = moments((k) => estimateGradient(straightThroughGumbel, f, logits, k, { temperature }), samples, 8);
  const given = moments(
    (k) => {
      const [choose, noise] = random.split(k);
      const { sample } = reinforce(logits, choose);
      return estimateGradient(straightThroughGumbel, f, logits, noise, { temperature, sample });
    },
    samples,
    9,
  );
  expect(largestZ(free, given, samples)).toBeLessThan(5);
});

test('the control variate of reinmaxCV has mean zero for each choice: the mean of ReinMax, and no less variance', () => {
  const plain = moments((k) => estimateGradient(reinmax, f, logits, k), samples, 10);
  for (const weight of [0.5, 3]) {
    const cv = moments(
      (k) => estimateGradient((x, q, o) => reinmaxCV(x, q, { ...o, weight, resamples: 4 }), f, logits, k),
      samples,
      11,
    );
    expect(largestZ(plain, cv, samples)).toBeLessThan(5);
    if (weight === 3) expect(cv.total).toBeGreaterThan(1.1 * plain.total);
  }
});
