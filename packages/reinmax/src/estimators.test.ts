import { array, grad, jit, jvp, type NDArray, nn, np, random, vjp, vmap } from '@forback/core';
import { describe, expect, test } from 'vitest';
import { decoupledStraightThrough, estimateGradient } from './index';
import { cases, largestDifference, normal, quadratic } from './test-support';

const logits = normal(1, [3, 4, 5], 'float32');
const key = random.key(2);

describe.each(cases)('$name', ({ name, estimator }) => {
  const f = quadratic(3, 60, 'float32');
  const gradient = (x: NDArray, k: NDArray) => estimateGradient(estimator, f, x, k);

  test('draws hard one-hot vectors: the sample of random.categorical with the same key', () => {
    const { sample, probs } = estimator(logits, key);
    const expected = nn.oneHot(random.categorical(key, logits), 5);
    expect(sample.toJS()).toEqual(expected.toJS());
    expect(largestDifference(probs, nn.softmax(logits))).toBe(0);
  });

  test('its gradient sums to zero and does not change when a constant is added to the logits', () => {
    const g = gradient(logits, key);
    expect(np.abs(g).max().item()).toBeGreaterThan(0.01);
    expect(np.abs(g.sum(-1)).max().item()).toBeLessThan(2e-5);
    const x = logits.astype('float64');
    const moved = estimateGradient(estimator, quadratic(3, 60), x.add(7), key);
    expect(largestDifference(moved, estimateGradient(estimator, quadratic(3, 60), x, key))).toBeLessThan(1e-11);
  });

  test('jit gives what eager execution gives', () => {
    expect(largestDifference(jit(gradient)(logits, key), gradient(logits, key))).toBeLessThan(1e-4);
  });

  test('vmap gives what a loop gives', () => {
    const keys = random.splitMany(key, 3);
    const h = quadratic(5, 20, 'float32');
    const one = (x: NDArray, k: NDArray) => estimateGradient(estimator, h, x, k);
    const batched = vmap(one)(logits, keys);
    const looped = np.stack([0, 1, 2].map((i) => one(logits.at(i), keys.at(i))));
    expect(largestDifference(batched, looped)).toBeLessThan(1e-5);
    const both = vmap((x: NDArray, k: NDArray) => estimator(x, k))(logits, keys);
    expect(both.sample.shape).toEqual([3, 4, 5]);
  });

  test('any axis of categories, with the same numbers', () => {
    const own = estimator(logits, key);
    const moved = np.moveaxis(logits, -1, 0);
    const other = estimator(moved, key, { axis: 0 });
    expect(np.moveaxis(other.sample, 0, -1).toJS()).toEqual(own.sample.toJS());
    expect(np.moveaxis(other.probs, 0, -1).toJS()).toEqual(own.probs.toJS());
    const g = estimateGradient(estimator, (s) => f(np.moveaxis(s, 0, -1)), moved, key, { axis: -3 });
    expect(np.moveaxis(g, 0, -1).toJS()).toEqual(gradient(logits, key).toJS());
  });

  test('a batch is its rows: reshaped logits have the reshaped gradient', () => {
    const rows = logits.reshape([12, 5]);
    expect(gradient(rows, key).reshape([3, 4, 5]).toJS()).toEqual(gradient(logits, key).toJS());
  });

  test('extreme logits give finite gradients of the right size', () => {
    const extreme = array([
      [80, -80, 0],
      [-80, -80, 80],
      [-80, -80, -80],
      [80, 80, -80],
    ]);
    const h = quadratic(7, 12, 'float32');
    for (let seed = 0; seed < 5; seed++) {
      const g = estimateGradient(estimator, h, extreme, random.key(seed));
      expect(np.isFinite(g).toJS().toString()).not.toContain('false');
      // Where one category has all the probability there is nothing to learn.
      expect(
        np
          .abs(g.slice([0, 2]))
          .max()
          .item(),
      ).toBeLessThan(1e-4);
      expect(np.abs(g.sum(-1)).max().item()).toBeLessThan(1e-4);
    }
  });

  test('forced into the least likely category, the gradient stays finite', () => {
    const extreme = array([80, -80, 0]);
    const sample = array([0, 1, 0]);
    const g = estimateGradient(estimator, quadratic(7, 3, 'float32'), extreme, key, { sample });
    expect(np.isFinite(g).toJS()).toEqual([true, true, true]);
  });

  test('forbidden categories are never drawn and learn nothing; the others do as if alone', () => {
    const mask = array([true, false, true, true, false]);
    const many = np.broadcastTo(logits.at(0, 0), [200, 5]);
    const { sample, probs } = estimator(many, key, { mask });
    const forbidden = (x: NDArray) => np.take(x, array([1, 4], { dtype: 'int32' }), 1);
    expect(forbidden(sample).sum().item()).toBe(0);
    expect(forbidden(probs).sum().item()).toBe(0);
    const h = (s: NDArray) => np.square(s.mul(np.arange(5).astype('float32'))).sum();
    const g = estimateGradient(estimator, h, many, key, { mask });
    expect(np.abs(forbidden(g)).max().item()).toBe(0);
    expect(np.isFinite(g).toJS().toString()).not.toContain('false');
    expect(np.abs(g).max().item()).toBeGreaterThan(0.01);
    // -Infinity among the logits says the same.
    const written = np.where(mask, many, Number.NEGATIVE_INFINITY);
    expect(estimateGradient(estimator, h, written, key).toJS()).toEqual(g.toJS());
  });

  test('a mask has the shape of the logits, wherever the categories are', () => {
    const mask = array([true, false, true, true, false]);
    const h = quadratic(5, 20, 'float32');
    const x = logits.at(0);
    const own = estimateGradient(estimator, h, x, key, { mask });
    const turned = (s: NDArray) => h(np.moveaxis(s, 0, -1));
    const first = { axis: 0, mask: mask.reshape([5, 1]) };
    const other = estimateGradient(estimator, turned, np.moveaxis(x, -1, 0), key, first);
    expect(np.moveaxis(other, 0, -1).toJS()).toEqual(own.toJS());
  });

  test('one allowed category leaves no choice and no gradient', () => {
    const mask = array([false, false, true, false, false]);
    const g = estimateGradient(estimator, quadratic(2, 5, 'float32'), logits.at(0, 0), key, { mask });
    expect(np.abs(g).max().item()).toBe(0);
  });

  test('forward and reverse derivatives are transposes of each other', () => {
    const x = logits.astype('float64').at(0);
    const sampleOf = (z: NDArray) => estimator(z, key).sample;
    const u = normal(11, [4, 5]);
    const w = normal(12, [4, 5]);
    if (name === 'reinforce')
      return expect(grad((z: NDArray) => sampleOf(z).mul(w).sum())(x).toJS()).toEqual(np.zeros([4, 5]).toJS());
    const [, tangent] = jvp(sampleOf, [x], [u]);
    const [, pull] = vjp(sampleOf, [x]);
    const [pulled] = pull(w) as [NDArray];
    expect(tangent.mul(w).sum().item()).toBeCloseTo(pulled.mul(u).sum().item(), 12);
  });

  test('a gradient through probs is the ordinary one', () => {
    const w = normal(13, [3, 4, 5], 'float32');
    const ours = grad((x: NDArray) => estimator(x, key).probs.mul(w).sum())(logits);
    const plain = grad((x: NDArray) => nn.softmax(x).mul(w).sum())(logits);
    expect(largestDifference(ours, plain)).toBeLessThan(1e-6);
  });

  test('a temperature that jit traces does what a number does', () => {
    const at = jit((t: NDArray) => estimateGradient(estimator, f, logits, key, { temperature: t }));
    const one = estimateGradient(estimator, f, logits, key, { temperature: 1 });
    const other = estimateGradient(estimator, f, logits, key, { temperature: 1.7 });
    expect(largestDifference(at(array(1)), one)).toBeLessThan(1e-4);
    expect(largestDifference(at(array(1.7)), other)).toBeLessThan(1e-4);
    if (name !== 'reinforce') expect(largestDifference(one, other)).toBeGreaterThan(1e-3);
  });

  test('float64 stays float64', () => {
    const draw = estimator(logits.astype('float64'), key, { temperature: array(1.5) });
    expect([draw.sample.dtype, draw.probs.dtype]).toEqual(['float64', 'float64']);
  });
});

test('the forward temperature of decoupled straight-through changes what is drawn', () => {
  const x = np.broadcastTo(array([0, 2]), [4000, 2]);
  const share = (forwardTemperature: number) =>
    decoupledStraightThrough(x, key, { forwardTemperature }).sample.mean(0).at(1).item();
  // Standard deviation of a share: at most 0.008.
  expect(Math.abs(share(1) - 1 / (1 + Math.exp(-2)))).toBeLessThan(0.04);
  expect(Math.abs(share(4) - 1 / (1 + Math.exp(-0.5)))).toBeLessThan(0.04);
});
