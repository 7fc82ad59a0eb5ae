import { expect, test } from 'vitest';
import { zeros } from '../numpy/creation';
import { flatten } from './flatten';

test('joins all axes but the first', () => {
  expect(flatten(zeros([2, 3, 4])).shape).toEqual([2, 12]);
  expect(flatten(zeros([5])).shape).toEqual([5, 1]);
  expect(flatten(zeros([0, 3, 4])).shape).toEqual([0, 12]);
  expect(() => flatten(zeros([]))).toThrow('nn.flatten: expected x to be [n, ...], got a scalar');
});
