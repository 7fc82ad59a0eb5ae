import { array, grad, type NDArray, nn, np, random } from '@forback/core';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { simplexJacobian } from './categorical';
import {
  decoupledStraightThrough,
  type Estimator,
  exactGradient,
  exactMoments,
  expectation,
  reinforce,
  reinmax,
  type SampleCost,
  straightThrough,
} from './index';
import { reinmaxJacobian, reinmaxResiduals } from './reinmax';
import { type Float, largestDifference, normal, quadratic } from './test-support';

const cubic: SampleCost = (sample) => {
  const x = sample.reshape([-1]).mul(np.arange(sample.size).add(1).astype(sample.dtype));
  return x.sum().pow(3).mul(0.1);
};

function reinmaxError(f: SampleCost, logits: NDArray): number {
  return largestDifference(exactMoments(reinmax, f, logits).mean, exactGradient(f, logits));
}

describe.each<[Float, number]>([
  ['float64', 1e-12],
  ['float32', 1e-6],
])('in %s', (dtype, tolerance) => {
  test.each([2, 3, 4, 5, 6, 7, 8])('ReinMax is exact for quadratics of %i categories', (n) => {
    for (let seed = 0; seed < 5; seed++) {
      expect(reinmaxError(quadratic(seed, n, dtype), normal(100 + seed, [n], dtype))).toBeLessThan(tolerance);
    }
  });

  test.each([
    [2, 3],
    [3, 2],
    [3, 3],
  ])('ReinMax is exact for joint quadratics of %i independent choices among %i', (latents, n) => {
    const size = latents * n;
    for (let seed = 0; seed < 3; seed++) {
      const f = quadratic(seed, size, dtype);
      expect(reinmaxError(f, normal(50 + seed, [latents, n], dtype))).toBeLessThan(tolerance);
    }
  });
});

test('ReinMax is exact for any quadratic and any logits', () => {
  const logit = fc.double({ min: -8, max: 8, noNaN: true });
  fc.assert(
    fc.property(fc.array(logit, { minLength: 2, maxLength: 6 }), fc.nat(1000), (values, seed) => {
      const logits = array(values, { dtype: 'float64' });
      expect(reinmaxError(quadratic(seed, values.length), logits)).toBeLessThan(1e-11);
    }),
    { numRuns: 30, seed: 1 },
  );
});

test('ReinMax is biased for a cubic, as it should be', () => {
  expect(reinmaxError(cubic, normal(3, [4]))).toBeGreaterThan(0.01);
});

test('straight-through is exact for a linear cost and not for a quadratic one', () => {
  const logits = normal(4, [2, 3]);
  const b = normal(5, [2, 3]);
  const linear: SampleCost = (sample) => sample.mul(b).sum();
  const error = (f: SampleCost) =>
    largestDifference(exactMoments(straightThrough, f, logits).mean, exactGradient(f, logits));
  expect(error(linear)).toBeLessThan(1e-14);
  expect(reinmaxError(linear, logits)).toBeLessThan(1e-14);
  expect(error(quadratic(1, 6))).toBeGreaterThan(0.01);
});

test('decoupled straight-through is exact for a linear cost of what it samples, with one temperature for both', () => {
  const logits = normal(4, [2, 3]);
  const b = normal(5, [2, 3]);
  const linear: SampleCost = (sample) => sample.mul(b).sum();
  const flat: Estimator = (l, k, o) => decoupledStraightThrough(l, k, { ...o, forwardTemperature: 2 });
  const exact = grad((x: NDArray) => expectation(linear, x.div(2)))(logits);
  const error = (temperature: number) =>
    largestDifference(exactMoments(flat, linear, logits, { temperature }).mean, exact);
  expect(error(2)).toBeLessThan(1e-14);
  expect(error(1)).toBeGreaterThan(0.01);
});

test('REINFORCE is exact for any cost, with any constant baseline', () => {
  const logits = normal(6, [2, 3]);
  const step: SampleCost = (sample) => np.floor(sample.reshape([6]).mul(np.arange(6)).sum().div(2)).astype('float64');
  for (const f of [cubic, step]) {
    for (const baseline of [0, 3]) {
      const { mean } = exactMoments(reinforce, f, logits, { baseline });
      expect(largestDifference(mean, exactGradient(f, logits))).toBeLessThan(1e-12);
    }
  }
});

test('a constant baseline near the mean cost lowers the variance of REINFORCE', () => {
  const logits = normal(7, [4]);
  const f: SampleCost = (sample) => cubic(sample).add(10);
  const variance = (baseline: number) => exactMoments(reinforce, f, logits, { baseline }).variance.item();
  expect(variance(12)).toBeLessThan(0.3 * variance(0));
});

test.each([1, 1.3, 2])('both forms of ReinMax agree at temperature %d', (temperature) => {
  const logits = normal(8, [20, 5]);
  const g = normal(9, [20, 5]);
  const hard = nn.oneHot(random.categorical(random.key(1), logits), 5, 'float64');
  const probs = nn.softmax(logits);
  const soft = nn.softmax(logits.div(temperature));
  // Algorithm 2 of the paper: the Jacobian at the midpoint.
  const midpoint = soft.add(hard).div(2);
  const published = simplexJacobian(midpoint, g).mul(2).sub(simplexJacobian(probs, g).mul(0.5));
  const ours = reinmaxJacobian(reinmaxResiduals(logits, probs, hard, temperature), g);
  expect(largestDifference(ours, published)).toBeLessThan(1e-15);
  const flowing = grad((x: NDArray) => reinmax(x, random.key(0), { sample: hard, temperature }).sample.mul(g).sum())(
    logits,
  );
  expect(largestDifference(flowing, published)).toBeLessThan(1e-15);
});

test.each([0.2, 0.5, 0.7])('with the scales that make it exact, every weight %d of the sample gives ReinMax', (w) => {
  const logits = normal(8, [20, 5]);
  const g = normal(9, [20, 5]);
  const hard = nn.oneHot(random.categorical(random.key(1), logits), 5, 'float64');
  const probs = nn.softmax(logits);
  const mixed = probs.mul(1 - w).add(hard.mul(w));
  const weighted = simplexJacobian(mixed, g)
    .div(2 * w * (1 - w))
    .sub(simplexJacobian(probs, g).mul(1 / (2 * w) - 0.5));
  expect(largestDifference(weighted, reinmaxJacobian(reinmaxResiduals(logits, probs, hard, 1), g))).toBeLessThan(1e-14);
});

test.each([1.5, 2, 3])(
  'straight-through rests at its wrong fixed point for |x - c|^%d, where ReinMax moves on',
  (p) => {
    const c = 0.45;
    const probability = c ** (p - 1) / (c ** (p - 1) + (1 - c) ** (p - 1));
    const cost: SampleCost = (sample) => np.abs(sample.at(1).sub(c)).pow(p);
    const at = (q: number) => array([Math.log(1 - q), Math.log(q)], { dtype: 'float64' });
    const drift = (q: number) => exactMoments(straightThrough, cost, at(q)).mean.at(1).item();
    expect(Math.abs(drift(probability))).toBeLessThan(1e-14);
    // The fixed point attracts, from both sides, although less is better everywhere.
    expect(drift(probability + 0.01)).toBeGreaterThan(1e-4);
    expect(drift(probability - 0.01)).toBeLessThan(-1e-4);
    const exact = exactGradient(cost, at(probability)).at(1).item();
    expect(exact).toBeGreaterThan(0.005);
    const second = exactMoments(reinmax, cost, at(probability)).mean.at(1).item();
    // Exact for p = 2; for the others of the right sign and within a factor of 2.
    expect(second / exact).toBeGreaterThan(0.5);
    expect(second / exact).toBeLessThan(2);
    if (p === 2) expect(Math.abs(second - exact)).toBeLessThan(1e-15);
  },
);
