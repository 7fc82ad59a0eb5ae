import { array, grad, type NDArray, random } from '@forback/core';
import { expect, test } from 'vitest';
import { activityNorm, channelGroups, lowForReal, meanOfSquares, projectedClasses, sumOfSquares } from './goodness';

const activity = array([
  [3, 0, -4],
  [0, 0, 0],
]);

test.each([
  [sumOfSquares(), [25, 0], 3],
  [sumOfSquares({ thresholdPerUnit: 2 }), [25, 0], 6],
  [meanOfSquares(), [25 / 3, 0], 1],
  [activityNorm(), [5, 0], 3],
  [activityNorm({ order: 1, threshold: 2 }), [7, 0], 2],
  [activityNorm({ order: Number.POSITIVE_INFINITY }), [4, 0], 3],
  [lowForReal(sumOfSquares()), [-25, 0], -3],
])('$name', (goodness, expected, threshold) => {
  Array.from(goodness.of(activity).dataSync()).forEach((g, i) => {
    expect(g).toBeCloseTo(expected[i] as number, 5);
  });
  expect(goodness.threshold(3)).toBe(threshold);
});

test('goodness takes all axes of a convolution together', () => {
  const images = random.normal(random.key(1), { shape: [2, 3, 4, 4] });
  for (const goodness of [sumOfSquares(), activityNorm(), activityNorm({ order: 1 })]) {
    const [a, b] = [goodness.of(images).dataSync(), goodness.of(images.reshape([2, 48])).dataSync()];
    a.forEach((v, i) => {
      expect(v).toBeCloseTo(b[i] as number, 4);
    });
  }
});

test('the length of a silent example has derivative zero, not NaN', () => {
  const slope = grad((a: NDArray) => activityNorm().of(a).sum())(activity);
  expect(slope.toJS()).toEqual([
    [expect.closeTo(0.6, 5), 0, expect.closeTo(-0.8, 5)],
    [0, 0, 0],
  ]);
});

test('channel groups: the mean square of each group, over positions too', () => {
  const flat = array([[1, 2, 3, 4, 0, 0]]);
  expect(channelGroups().ofClasses(flat, null, 3).toJS()).toEqual([[2.5, 12.5, 0]]);
  const image = flat.reshape([1, 3, 2, 1]);
  expect(channelGroups().ofClasses(image, null, 3).toJS()).toEqual([[2.5, 12.5, 0]]);
  expect(() => channelGroups().init(random.key(0), [7], 3)).toThrow(/multiple of 3 classes, got 7/);
});

test('projected classes: a product with the layer’s own matrix', () => {
  const matrix = projectedClasses().init(random.key(0), [3], 2) as NDArray;
  expect(matrix.shape).toEqual([3, 2]);
  const given = array([
    [1, 0],
    [5, 5],
    [0, 2],
  ]);
  expect(projectedClasses().ofClasses(activity, given, 2).toJS()).toEqual([
    [3, -8],
    [0, 0],
  ]);
});

test('an unknown norm is refused', () => {
  expect(() => activityNorm({ order: 3 })).toThrow(/expected order 1, 2 or Infinity, got 3/);
});
