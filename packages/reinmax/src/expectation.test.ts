import { array, grad, jit, type NDArray, nn, np, vmap } from '@forback/core';
import { expect, test } from 'vitest';
import {
  enumerateOutcomes,
  exactGradient,
  exactMoments,
  expectation,
  reinforce,
  reinmax,
  straightThrough,
} from './index';
import { largestDifference, normal, quadratic } from './test-support';

test('all outcomes, each once', () => {
  const outcomes = enumerateOutcomes(np.zeros([2, 3]));
  expect(outcomes.shape).toEqual([9, 2, 3]);
  expect(outcomes.sum(-1).toJS()).toEqual(np.ones([9, 2]).toJS());
  const codes = np
    .argmax(outcomes, -1)
    .mul(array([3, 1], { dtype: 'int32' }))
    .sum(-1)
    .toJS();
  expect(codes).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(
    enumerateOutcomes(np.zeros([3, 2]), { axis: 0 })
      .sum(1)
      .toJS(),
  ).toEqual(np.ones([9, 2]).toJS());
});

test('the expectation is the weighted sum over outcomes, chunk by chunk', () => {
  const logits = normal(1, [2, 3]);
  const f = quadratic(2, 6);
  const outcomes = enumerateOutcomes(logits);
  const p = nn.softmax(logits);
  const chance = outcomes.mul(p).sum(-1);
  const joint = chance
    .slice(null, [0, 1])
    .mul(chance.slice(null, [1, 2]))
    .reshape([9]);
  const expected = vmap(f)(outcomes).mul(joint).sum().item();
  for (const chunkSize of [1, 4, 9, 100]) {
    expect(expectation(f, logits, { chunkSize }).item()).toBeCloseTo(expected, 12);
  }
  expect(jit((x: NDArray) => expectation(f, x))(logits).item()).toBeCloseTo(expected, 12);
  const moved = np.moveaxis(logits, -1, 0);
  expect(expectation((s) => f(np.moveaxis(s, 0, -1)), moved, { axis: 0 }).item()).toBeCloseTo(expected, 12);
});

test('for one choice the gradient is J(π) f', () => {
  const logits = normal(3, [4]);
  const values = array([1, -2, 0.5, 3], { dtype: 'float64' });
  const p = nn.softmax(logits);
  const expected = p.mul(values.sub(p.mul(values).sum()));
  expect(
    largestDifference(
      exactGradient((s) => s.mul(values).sum(), logits),
      expected,
    ),
  ).toBeLessThan(1e-15);
});

test('the expectation is differentiable in what the cost uses', () => {
  const logits = normal(4, [3]);
  const g = grad((w: NDArray) => expectation((s) => s.mul(w).sum(), logits))(normal(5, [3]));
  expect(largestDifference(g, nn.softmax(logits))).toBeLessThan(1e-15);
});

test('masks leave outcomes out, and moments agree with the expectation', () => {
  const logits = normal(6, [2, 3]);
  const mask = array([
    [true, true, false],
    [true, true, true],
  ]);
  expect(enumerateOutcomes(logits, { mask }).shape).toEqual([6, 2, 3]);
  const f = quadratic(7, 6);
  const exact = exactGradient(f, logits, { mask });
  expect(exact.at(0, 2).item()).toBe(0);
  expect(largestDifference(exactMoments(reinmax, f, logits, { mask }).mean, exact)).toBeLessThan(1e-13);
});

test('a mask that jit traces gives the same moments', () => {
  const logits = normal(6, [2, 3]);
  const mask = array([true, false, true]);
  const f = quadratic(7, 6);
  for (const estimator of [reinmax, reinforce]) {
    const traced = jit((m: NDArray) => exactMoments(estimator, f, logits, { mask: m }))(mask);
    const known = exactMoments(estimator, f, logits, { mask });
    expect(largestDifference(traced.mean, known.mean)).toBeLessThan(1e-13);
    expect(largestDifference(traced.variance, known.variance)).toBeLessThan(1e-12);
  }
});

test('the variance of straight-through by hand', () => {
  // Two equal categories, f = x₀²: g = (2, 0) or (0, 0), J(π) g = (½, −½) or 0, with probability ½ each.
  const { mean, variance } = exactMoments(straightThrough, (s) => np.square(s.at(0)), np.zeros([2]));
  expect(mean.toJS()).toEqual([0.25, -0.25]);
  expect(variance.item()).toBeCloseTo(0.125, 7);
});

test('too much work and wrong costs are refused', () => {
  expect(() => expectation((s) => s.sum(), np.zeros([5, 8]))).toThrow(/32768 outcomes, more than the limit of 16384/);
  expect(() => expectation((s) => s.sum(-1), np.zeros([2, 2]))).toThrow(/expectation: expected f to return a scalar/);
  expect(() => exactMoments(reinmax, (s) => s.sum(-1), np.zeros([2, 2]))).toThrow(/expected f to return a scalar/);
  expect(() => expectation((s) => s.sum(), np.zeros([2]), { chunkSize: 0 })).toThrow(
    /chunkSize to be a whole number of 1/,
  );
});
