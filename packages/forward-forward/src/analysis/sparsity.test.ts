import { array, np, random } from '@forback/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hoyerSparsity } from './sparsity';

test('is 1 for one active unit and 0 for equally active ones', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 40 }), fc.double({ min: 0.01, max: 100, noNaN: true }), (n, scale) => {
      const oneHot = array([[scale, ...new Array<number>(n - 1).fill(0)]]);
      expect(hoyerSparsity(oneHot).item()).toBeCloseTo(1, 4);
      expect(hoyerSparsity(np.full([1, n], scale)).item()).toBeCloseTo(0, 4);
    }),
  );
});

test('lies between, does not depend on scale or order, and takes all axes together', () => {
  const activity = np.abs(random.normal(random.key(1), { shape: [5, 12] }));
  const sparsity = hoyerSparsity(activity).dataSync();
  const scaled = hoyerSparsity(np.flip(activity, 1).mul(7).reshape([5, 3, 4])).dataSync();
  sparsity.forEach((s, i) => {
    expect(s).toBeGreaterThan(0);
    expect(s).toBeLessThan(1);
    expect(scaled[i]).toBeCloseTo(s, 5);
  });
});

test('of a silent example is 1; one unit is refused', () => {
  expect(hoyerSparsity(np.zeros([1, 5])).item()).toBe(1);
  expect(() => hoyerSparsity(np.ones([2, 1]))).toThrow(/at least 2 units, got 1/);
});
