import { expect, test } from 'vitest';
import { offsetsOf, sizeOf, stridesOf } from './row-major';

test('size and strides of a shape', () => {
  expect(sizeOf([2, 3, 4])).toBe(24);
  expect(sizeOf([2, 0, 4])).toBe(0);
  expect(sizeOf([])).toBe(1);
  expect(stridesOf([2, 3, 4])).toEqual([12, 4, 1]);
  expect(stridesOf([])).toEqual([]);
});

test('offsets walk a box with the last axis fastest', () => {
  expect([...offsetsOf([2, 3], [1, 2])]).toEqual([0, 2, 4, 1, 3, 5]);
  expect([...offsetsOf([2, 2], [12, 1])]).toEqual([0, 1, 12, 13]);
  expect([...offsetsOf([], [])]).toEqual([0]);
  expect([...offsetsOf([2, 0], [1, 1])]).toEqual([]);
});
