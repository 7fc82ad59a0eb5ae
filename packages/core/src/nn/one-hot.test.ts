import { expect, test } from 'vitest';
import type { NDArray } from '../array/ndarray';
import { ArgumentError, DTypeError } from '../errors';
import { array } from '../numpy/creation';
import { jit } from '../transforms/jit';
import { vmap } from '../transforms/vmap';
import { oneHot } from './one-hot';

const labels = (data: number[]) => array(data, { dtype: 'int32' });

test('marks each label in a row of its own', () => {
  expect(oneHot(labels([2, 0]), 3).toJS()).toEqual([
    [0, 0, 1],
    [1, 0, 0],
  ]);
  expect(oneHot([1, 1], 2).toJS()).toEqual([
    [0, 1],
    [0, 1],
  ]);
  expect(oneHot(1, 3).toJS()).toEqual([0, 1, 0]);
  expect(oneHot(labels([]), 3).shape).toEqual([0, 3]);
  expect(oneHot(array([[0], [1]], { dtype: 'uint32' }), 2).shape).toEqual([2, 1, 2]);
});

test('has the dtype that is asked for', () => {
  expect(oneHot([0], 2).dtype).toBe('float32');
  expect(oneHot([0], 2, 'float64').dtype).toBe('float64');
  expect(oneHot([1], 2, 'bool').toJS()).toEqual([[false, true]]);
});

test('labels outside the classes are refused where they are known, and give zeros where they are not', () => {
  expect(() => oneHot([0, 3], 3)).toThrow(new ArgumentError('nn.oneHot: expected labels from 0 to 2, got 3'));
  expect(() => oneHot(labels([-1]), 3)).toThrow('nn.oneHot: expected labels from 0 to 2, got -1');
  const f = (x: NDArray) => oneHot(x, 3);
  expect(jit(f)(labels([-1, 2, 3])).toJS()).toEqual([
    [0, 0, 0],
    [0, 0, 1],
    [0, 0, 0],
  ]);
  expect(vmap(f)(labels([1, 9])).toJS()).toEqual([
    [0, 1, 0],
    [0, 0, 0],
  ]);
});

test('refuses labels that are not integers, and unusable numbers of classes', () => {
  expect(() => oneHot(array([0, 1]), 2)).toThrow(
    new DTypeError("nn.oneHot: expected labels to be integers, got float32[2]; convert with astype('int32')"),
  );
  expect(() => oneHot([0], 0)).toThrow(
    new ArgumentError('nn.oneHot: expected classes to be a whole number of 1 or more, got 0'),
  );
});
