import { array, np, random } from '@forback/core';
import { expect, test } from 'vitest';
import { labelInPixels } from './label-overlay';

const overlay = labelInPixels(3);
const input = array([
  [9, 9, 9, 4, 5],
  [8, 8, 8, 6, 7],
]);

test('the label overwrites the first numbers and nothing else', () => {
  expect(overlay.write(input, array([2, 0], { dtype: 'int32' })).toJS()).toEqual([
    [0, 0, 1, 4, 5],
    [1, 0, 0, 6, 7],
  ]);
});

test('the neutral label sums to the strength and favours no class', () => {
  const neutral = labelInPixels(3, { strength: 6 }).writeNeutral(input);
  expect(neutral.toJS()).toEqual([
    [2, 2, 2, 4, 5],
    [2, 2, 2, 6, 7],
  ]);
});

test('an example gets the same label alone and in any batch', () => {
  const images = random.uniform(random.key(3), { shape: [6, 4, 5] });
  const labels = array([0, 1, 2, 2, 1, 0], { dtype: 'int32' });
  const together = overlay.write(images, labels);
  for (let i = 0; i < 6; i++) {
    const alone = overlay.write(images.slice([i, i + 1]), labels.slice([i, i + 1]));
    expect(alone.dataSync()).toEqual(together.slice([i, i + 1]).dataSync());
  }
});

test('an example that is too small for the label is refused', () => {
  expect(() => overlay.writeNeutral(np.zeros([4, 2]))).toThrow(
    /shape \[2\] has 2 numbers, too few to write one of 3 labels/,
  );
});

test('one class, and a label that nobody could see, are refused', () => {
  expect(() => labelInPixels(3, { strength: 0 })).toThrow(/strength to be a number above 0, got 0/);
  expect(() => labelInPixels(1)).toThrow(/expected at least 2 classes, got 1/);
});
