import { array, grad, jit, type NDArray, np, random, vmap } from '@forback/core';
import { expect, test } from 'vitest';
import { exactGradient, leaveOneOut, movingAverage, reinforce, reinmax, type SampleCost, surrogateCost } from './index';
import { largestDifference, normal, quadratic } from './test-support';

const logits = normal(1, [3], 'float32');

test('the surrogate has the value of the cost, and for other estimators it is the cost', () => {
  const cost = array([1, -2, 3.5]);
  const batch = np.broadcastTo(logits, [3, 3]);
  expect(surrogateCost(cost, reinforce(batch, random.key(0)), { baseline: 7 }).toJS()).toEqual([1, -2, 3.5]);
  expect(surrogateCost(cost, reinmax(batch, random.key(0)), { baseline: 7 })).toBe(cost);
});

test('a gradient that the cost has by itself is kept', () => {
  const g = grad((w: NDArray) => surrogateCost(w.mul(3), reinforce(logits, random.key(0))))(array(2));
  expect(g.item()).toBe(3);
});

test('choices of one cost are summed', () => {
  const x = normal(2, [2, 4, 3], 'float32');
  const weights = array([2, -1]);
  const g = grad((z: NDArray) => surrogateCost(weights, reinforce(z, random.key(1))).sum())(x);
  const { sample, probs } = reinforce(x, random.key(1));
  expect(largestDifference(g, sample.sub(probs).mul(weights.reshape([2, 1, 1])))).toBeLessThan(1e-6);
});

test('leave-one-out is the mean of the others, and unbiased with less variance', () => {
  expect(leaveOneOut(array([1, 2, 6])).toJS()).toEqual([4, 3.5, 1.5]);
  const f: SampleCost = (sample) => quadratic(3, 3, 'float32')(sample).add(5);
  const samples = 4;
  const estimate = (useBaseline: boolean) => (key: NDArray) =>
    grad((x: NDArray) => {
      const draw = reinforce(np.broadcastTo(x, [samples, 3]), key);
      const cost = vmap(f)(draw.sample);
      return surrogateCost(cost, draw, useBaseline ? { baseline: leaveOneOut(cost) } : {}).mean();
    })(logits);
  const runs = 3000;
  const [plain, withBaseline] = [false, true].map((use) => {
    const all = jit(vmap(estimate(use)))(random.splitMany(random.key(4), runs));
    const mean = all.mean(0);
    return { mean, variances: np.square(all.sub(mean)).mean(0) };
  }) as [{ mean: NDArray; variances: NDArray }, { mean: NDArray; variances: NDArray }];
  const z = withBaseline.mean.sub(exactGradient(f, logits)).div(np.sqrt(withBaseline.variances.div(runs)));
  // Three normal deviates: 5 is exceeded with probability below 1e-5.
  expect(np.abs(z).max().item()).toBeLessThan(5);
  expect(withBaseline.variances.sum().item()).toBeLessThan(0.5 * plain.variances.sum().item());
});

test('a moving average starts at the mean and forgets', () => {
  const first = movingAverage(null, array([1, 3]));
  expect(first.item()).toBe(2);
  expect(movingAverage(first, array([4, 4]), { decay: 0.5 }).item()).toBe(3);
});

test('what does not fit is refused', () => {
  const draw = reinforce(np.zeros([4, 2, 3]), random.key(0));
  expect(() => surrogateCost(np.zeros([2]), draw)).toThrow(
    /surrogateCost: expected the shape of cost to begin that of logProb \[4, 2\], got float32\[2\]/,
  );
  expect(() => surrogateCost(np.zeros([4]), draw, { baseline: np.zeros([4, 1]) })).toThrow(/baseline float32\[4, 1\]/);
  expect(() => surrogateCost(array([1], { dtype: 'int32' }), draw)).toThrow(
    /surrogateCost: expected cost to be floats/,
  );
  expect(() => leaveOneOut(np.zeros([1, 5]))).toThrow(/leaveOneOut: expected cost \[K, ...\] of 2 or more samples/);
  expect(() => leaveOneOut(np.zeros([]))).toThrow(/2 or more samples/);
  expect(() => movingAverage(null, np.zeros([2]), { decay: 1 })).toThrow(/decay in \[0, 1\), got 1/);
});
