import { array, nn, np, random } from '@forback/core';
import { expect, test } from 'vitest';
import { estimateGradient, gumbelRao, reinforce, type SampleCost, straightThroughGumbel } from './index';
import { gradientMoments, largestZ, quadratic } from './test-support';

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

const f: SampleCost = quadratic(1, n);
const samples = 3000;

test('Gumbel-Rao has the mean of straight-through Gumbel-softmax and less variance', () => {
  const temperature = 0.5;
  const single = gradientMoments(
    (k) => estimateGradient(straightThroughGumbel, f, logits, k, { temperature }),
    samples,
    6,
  );
  const rao = (resamples: number) =>
    gradientMoments(
      (k) => estimateGradient((x, q, o) => gumbelRao(x, q, { ...o, resamples }), f, logits, k, { temperature }),
      samples,
      7,
    );
  const averaged = rao(8);
  // Four normal deviates: 5 is exceeded with probability below 1e-5.
  expect(largestZ(single, averaged)).toBeLessThan(5);
  expect(averaged.total).toBeLessThan(0.8 * single.total);
  expect(largestZ(single, rao(1))).toBeLessThan(5);
});

test('a given sample makes straight-through Gumbel-softmax draw its noise given that sample', () => {
  const temperature = 0.5;
  const free = gradientMoments(
    (k) => estimateGradient(straightThroughGumbel, f, logits, k, { temperature }),
    samples,
    8,
  );
  const given = gradientMoments(
    (k) => {
      const [choose, noise] = random.split(k);
      const { sample } = reinforce(logits, choose);
      return estimateGradient(straightThroughGumbel, f, logits, noise, { temperature, sample });
    },
    samples,
    9,
  );
  expect(largestZ(free, given)).toBeLessThan(5);
});
