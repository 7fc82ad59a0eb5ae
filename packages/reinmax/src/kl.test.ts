import { array, grad, jit, type NDArray, nn, np } from '@forback/core';
import { expect, test } from 'vitest';
import { bernoulliKl, categoricalKl } from './index';
import { largestDifference, normal } from './test-support';

test('KL to the uniform prior is Σ q log q + log n', () => {
  const logits = normal(1, [2, 3, 5]);
  const q = nn.softmax(logits);
  const expected = q.mul(np.log(q)).sum(-1).add(Math.log(5));
  expect(largestDifference(categoricalKl(logits), expected)).toBeLessThan(1e-14);
  const moved = categoricalKl(np.moveaxis(logits, -1, 1), { axis: 1 });
  expect(largestDifference(moved, expected)).toBeLessThan(1e-14);
});

test('KL to a prior is 0 at the prior, positive elsewhere, and teaches the prior', () => {
  const logits = normal(2, [4, 3]);
  const prior = normal(3, [3]);
  expect(
    np
      .abs(categoricalKl(np.broadcastTo(prior, [4, 3]), { prior: prior.add(2) }))
      .max()
      .item(),
  ).toBeLessThan(1e-14);
  expect(categoricalKl(logits, { prior }).min().item()).toBeGreaterThan(0);
  const g = grad((p: NDArray) => categoricalKl(logits, { prior: p }).sum())(prior);
  // d KL / d prior = p − q, summed over the distributions.
  expect(largestDifference(g, nn.softmax(prior).mul(4).sub(nn.softmax(logits).sum(0)))).toBeLessThan(1e-14);
});

test('extreme and forbidden logits are safe', () => {
  const logits = array([[80, -80, 0]]);
  const value = (x: NDArray) => categoricalKl(x).sum();
  expect(value(logits).item()).toBeCloseTo(Math.log(3), 5);
  expect(np.isFinite(grad(value)(logits)).toJS()).toEqual([[true, true, true]]);
  const mask = array([true, false, true]);
  const masked = (x: NDArray) => categoricalKl(x, { mask }).sum();
  expect(masked(array([[0, 3, 0]])).item()).toBeCloseTo(0, 6);
  expect(
    jit(grad(masked))(array([[1, 3, 0]]))
      .at(0, 1)
      .item(),
  ).toBe(0);
  const bits = (x: NDArray) => bernoulliKl(x).sum();
  expect(bits(array([80, -80])).item()).toBeCloseTo(2 * Math.log(2), 5);
  expect(np.isFinite(grad(bits)(array([80, -80]))).toJS()).toEqual([true, true]);
});

test('KL of bits is KL of the choice between (ℓ, 0)', () => {
  const logits = normal(4, [6]);
  const prior = normal(5, [6]);
  const pair = (x: NDArray) => np.stack([x, np.zerosLike(x)], -1);
  expect(
    largestDifference(bernoulliKl(logits, { prior }), categoricalKl(pair(logits), { prior: pair(prior) })),
  ).toBeLessThan(1e-14);
  expect(largestDifference(bernoulliKl(logits), categoricalKl(pair(logits)))).toBeLessThan(1e-14);
});

test('logits and priors that make no distribution are refused', () => {
  const nan = array([[0, Number.NaN]]);
  const fine = np.zeros([1, 2]);
  expect(() => categoricalKl(nan)).toThrow(/categoricalKl: expected logits that are finite or -Infinity, got NaN/);
  expect(() => categoricalKl(fine, { prior: nan })).toThrow(/categoricalKl: expected prior logits that .* got NaN/);
  expect(() => categoricalKl(fine, { mask: array([false, false]) })).toThrow(
    /categoricalKl: all 2 categories of distribution 0 are forbidden/,
  );
  const columns = array([
    [0, Number.NEGATIVE_INFINITY],
    [0, Number.NEGATIVE_INFINITY],
  ]);
  expect(() => categoricalKl(columns, { axis: 0 })).toThrow(/categories of distribution 1 are forbidden/);
  const forbidding = array([0, Number.NEGATIVE_INFINITY]);
  expect(() => categoricalKl(fine, { prior: forbidding })).toThrow(
    /categoricalKl: the prior forbids category 1 of distribution 0, which the logits allow/,
  );
  expect(categoricalKl(fine, { prior: forbidding, mask: array([true, false]) }).toJS()).toEqual([0]);
  expect(() => bernoulliKl(nan)).toThrow(/bernoulliKl: expected logits that are finite, got NaN/);
  expect(() => bernoulliKl(fine, { prior: array([1 / 0, 0]) })).toThrow(
    /expected prior logits that are finite, got Infinity/,
  );
});

test('a prior that does not fit is refused', () => {
  expect(() => categoricalKl(np.zeros([2, 3]), { prior: np.zeros([4]) })).toThrow(
    /categoricalKl: prior float32\[4\] does not broadcast to logits float32\[2, 3\]/,
  );
  expect(() => bernoulliKl(np.zeros([3]), { prior: np.zeros([2, 3]) })).toThrow(/bernoulliKl: prior/);
  expect(() => categoricalKl(np.zeros([3]), { axis: 1 })).toThrow(
    /categoricalKl: expected axis .* from -1 to 0, got 1/,
  );
});
