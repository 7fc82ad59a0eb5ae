import { array, grad, type NDArray, nn, np, random, vmap } from '@forback/core';
import { describe, expect, test } from 'vitest';
import { bernoulliEstimator, reinmax, surrogateCost } from './index';
import { cases, largestDifference, normal } from './test-support';

const logits = normal(1, [3]);

describe.each(cases)('$name of bits', ({ estimator }) => {
  test('draws bits of the logits’ shape with the probabilities of a sigmoid', () => {
    const many = np.broadcastTo(array([-1, 0, 2]), [3000, 3]);
    const { sample, probs } = bernoulliEstimator(estimator)(many, random.key(1));
    expect(sample.shape).toEqual([3000, 3]);
    expect(largestDifference(probs, nn.sigmoid(many))).toBeLessThan(1e-6);
    // Standard deviation of a share: at most 0.0092.
    expect(largestDifference(sample.mean(0), nn.sigmoid(array([-1, 0, 2])))).toBeLessThan(0.05);
    expect(np.equal(np.square(sample), sample).toJS().toString()).not.toContain('false');
  });
});

test('ReinMax of bits is exact for quadratics', () => {
  const a = normal(2, [3, 3]);
  const f = (bits: NDArray) => bits.matmul(a).mul(bits).sum();
  const outcomes = array(
    Array.from({ length: 8 }, (_, i) => [i & 1, (i >> 1) & 1, (i >> 2) & 1]),
    { dtype: 'float64' },
  );
  const p = nn.sigmoid(logits);
  const weights = outcomes.mul(p).add(outcomes.neg().add(1).mul(p.neg().add(1)));
  const chance = weights
    .slice(null, [0, 1])
    .mul(weights.slice(null, [1, 2]))
    .mul(weights.slice(null, [2, 3]));
  const each = vmap((sample: NDArray) =>
    grad((x: NDArray) => {
      const draw = bernoulliEstimator(reinmax)(x, random.key(0), { sample });
      return surrogateCost(f(draw.sample), draw);
    })(logits),
  )(outcomes);
  // By the pairs of bits: E[xᵀAx] = Σ_ij A_ij p_i p_j off the diagonal and A_ii p_i on it.
  const objective = (x: NDArray) => {
    const q = nn.sigmoid(x);
    return q
      .matmul(a)
      .mul(q)
      .sum()
      .add(
        np
          .diagonal(a)
          .mul(q.sub(np.square(q)))
          .sum(),
      );
  };
  expect(largestDifference(each.mul(chance).sum(0), grad(objective)(logits))).toBeLessThan(1e-13);
});

test('extreme logits are safe and bad input is refused', () => {
  const g = grad((x: NDArray) => bernoulliEstimator(reinmax)(x, random.key(0)).sample.sum())(array([80, -80, 0]));
  expect(np.isFinite(g).toJS()).toEqual([true, true, true]);
  const draw = bernoulliEstimator(reinmax);
  expect(() => draw(array([1], { dtype: 'int32' }), random.key(0))).toThrow(
    /bernoulliEstimator: expected logits to be floats/,
  );
  expect(() => draw(array([1]), random.key(0), { sample: array([true]) })).toThrow(
    /expected float bits, got bool\[1\]/,
  );
  expect(() => draw(array([1]), random.key(0), { sample: array([1, 0]) })).toThrow(
    /bernoulliEstimator: expected sample to be bits of the logits' shape \[1\], got float32\[2\]/,
  );
  expect(() => draw(array([Number.NaN]), random.key(0))).toThrow(/reinmax: expected logits that are finite/);
});
