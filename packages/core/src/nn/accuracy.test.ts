import { expect, test } from 'vitest';
import { ArgumentError, ShapeError } from '../errors';
import { array, zeros } from '../numpy/creation';
import { jit } from '../transforms/jit';
import { accuracy } from './accuracy';
import { oneHot } from './one-hot';

const logits = array([
  [1, 2, 0],
  [5, 5, 5],
  [-1, -3, -2],
  [0, 0, 9],
]);
const labels = array([1, 0, 2, 2], { dtype: 'int32' });

test('counts the largest logits at the label; the first of equal ones', () => {
  expect(accuracy(logits, labels).item()).toBe(0.75);
  expect(accuracy(logits, oneHot(labels, 3)).item()).toBe(0.75);
  expect(jit(accuracy)(logits, labels).item()).toBe(0.75);
  expect(accuracy(zeros([0, 3]), array([], { dtype: 'int32' })).item()).toBeNaN();
});

test('says what does not fit', () => {
  expect(() => accuracy(logits, array([1, 0], { dtype: 'int32' }))).toThrow(
    new ShapeError(
      'nn.accuracy: logits float32[4, 3] take integer labels of shape [4] or a float distribution of shape [4, 3], got int32[2]',
    ),
  );
  expect(() => accuracy(logits, array([1, 0, 3, 0], { dtype: 'int32' }))).toThrow(
    new ArgumentError('nn.accuracy: expected labels from 0 to 2, got 3'),
  );
});
