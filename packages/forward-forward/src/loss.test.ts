import { array, grad, type NDArray } from '@forback/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { classCrossEntropy, goodnessMargin, likelihoodRatio, logisticThreshold } from './loss';

const value = fc.double({ min: -8, max: 8, noNaN: true });
const sigma = (x: number) => 1 / (1 + Math.exp(-x));
const one = (x: number) => array([x], { dtype: 'float64' });
/** Derivatives of a loss of one pair in the positive and in the negative goodness. */
const slopes = (loss: (p: NDArray, n: NDArray) => NDArray, p: number, n: number) =>
  grad(loss, { argnums: [0, 1] })(one(p), one(n)).map((g) => (g as NDArray).item());

test('the logistic loss has derivatives -(1 - p)/2 and p/2', () => {
  fc.assert(
    fc.property(value, value, value, fc.double({ min: 0.2, max: 5, noNaN: true }), (p, n, threshold, temperature) => {
      const [dp, dn] = slopes((a, b) => logisticThreshold({ temperature })(a, b, threshold), p, n);
      expect(dp).toBeCloseTo(-(1 - sigma((p - threshold) / temperature)) / 2, 9);
      expect(dn).toBeCloseTo(sigma((n - threshold) / temperature) / 2, 9);
    }),
  );
});

test('the likelihood ratio pushes negatives down with 1 - p, not with p', () => {
  fc.assert(
    fc.property(value, value, value, (p, n, threshold) => {
      const [dp, dn] = slopes((a, b) => likelihoodRatio()(a, b, threshold), p, n);
      expect(dp).toBeCloseTo(-(1 - sigma(p - threshold)) / 2, 9);
      expect(dn).toBeCloseTo((1 - sigma(n - threshold)) / 2, 9);
    }),
  );
});

test('the margin loss at gap zero is log 2 for every α, and depends on the gap alone', () => {
  fc.assert(
    fc.property(value, value, fc.double({ min: 0.1, max: 10, noNaN: true }), (g, gap, alpha) => {
      const loss = goodnessMargin({ alpha });
      expect(loss(one(g), one(g), 1).item()).toBeCloseTo(Math.log(2), 9);
      expect(loss(one(g + gap), one(g), 1).item()).toBeCloseTo(loss(one(gap), one(0), 5).item(), 6);
    }),
  );
});

test('the margin loss compares every negative with its own positive', () => {
  const positive = array([1, 10]);
  const negative = array([0, 9, -1, 8]);
  const expected = (2 * Math.log1p(Math.exp(-4)) + 2 * Math.log1p(Math.exp(-8))) / 4;
  expect(goodnessMargin()(positive, negative, 0).item()).toBeCloseTo(expected, 6);
});

test('a temperature or α that is not above 0 is refused', () => {
  expect(() => logisticThreshold({ temperature: 0 })).toThrow(/^logisticThreshold: expected temperature .* got 0/);
  expect(() => likelihoodRatio({ temperature: -1 })).toThrow(/^likelihoodRatio: expected temperature .* got -1/);
  expect(() => goodnessMargin({ alpha: Number.NaN })).toThrow(/^goodnessMargin: expected alpha .* got NaN/);
  expect(() => classCrossEntropy({ temperature: 0 })).toThrow(/^classCrossEntropy: expected temperature .* got 0/);
});

test('the cross-entropy of equal class goodness is log K', () => {
  const loss = classCrossEntropy({ temperature: 3 })(array([[2, 2, 2]]), array([1], { dtype: 'int32' }));
  expect(loss.item()).toBeCloseTo(Math.log(3), 6);
});
