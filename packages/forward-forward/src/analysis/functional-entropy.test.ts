import { array, np } from '@forback/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { functionalEntropy } from './functional-entropy';

const goodness = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 6 })).chain(([layers, n]) =>
  fc.array(fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { minLength: n, maxLength: n }), {
    minLength: layers,
    maxLength: layers,
  }),
);

test('is the sum of its parts within and across layers, neither of them negative', () => {
  fc.assert(
    fc.property(goodness, (rows) => {
      const { total, withinLayers, acrossLayers } = functionalEntropy(array(rows, { dtype: 'float64' }));
      expect(withinLayers + acrossLayers).toBeCloseTo(total, 8);
      expect(Math.min(withinLayers, acrossLayers)).toBeGreaterThan(-1e-9);
    }),
  );
});

test('is zero where goodness is constant, and all across layers where each layer has its own constant', () => {
  expect(functionalEntropy(np.full([3, 4], 2)).total).toBeCloseTo(0, 6);
  const { withinLayers, acrossLayers } = functionalEntropy(
    array([
      [1, 1],
      [3, 3],
    ]),
  ); // mean 2: (0.5 log 0.5 + 1.5 log 1.5)
  expect(withinLayers).toBeCloseTo(0, 6);
  expect(acrossLayers).toBeCloseTo((Math.log(0.5) + 3 * Math.log(1.5)) / 2, 6);
});

test('negative goodness is refused', () => {
  expect(() => functionalEntropy(array([[-1, 2]]))).toThrow(/goodness of 0 or more \[layers, n\]/);
});
