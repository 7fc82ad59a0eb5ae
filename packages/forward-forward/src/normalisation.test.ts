import { array, np, random } from '@forback/core';
import { expect, test } from 'vitest';
import { lengthNormalisation, meanSquareNormalisation } from './normalisation';

const rows = random.normal(random.key(1), { shape: [5, 12] });

test('mean-square normalisation gives every row a mean square of 1', () => {
  const squares = np.square(meanSquareNormalisation()(rows)).mean(1).dataSync();
  for (const s of squares) expect(s).toBeCloseTo(1, 5);
});

test('length normalisation gives every row length 1', () => {
  const squares = np.square(lengthNormalisation()(rows)).sum(1).dataSync();
  for (const s of squares) expect(s).toBeCloseTo(1, 5);
});

test('the length of a row does not matter', () => {
  const normalise = meanSquareNormalisation();
  const scaled = normalise(rows.mul(37)).dataSync();
  normalise(rows)
    .dataSync()
    .forEach((v, i) => {
      expect(scaled[i]).toBeCloseTo(v, 5);
    });
});

test('a row of zeros stays zero', () => {
  expect(meanSquareNormalisation()(array([[0, 0, 0]])).toJS()).toEqual([[0, 0, 0]]);
});

test('examples of any shape are normalised whole', () => {
  const images = rows.reshape([5, 3, 4]);
  const flat = meanSquareNormalisation()(rows).dataSync();
  expect(meanSquareNormalisation()(images).dataSync()).toEqual(flat);
});
