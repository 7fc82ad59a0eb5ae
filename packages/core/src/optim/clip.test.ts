import { describe, expect, test } from 'vitest';
import { ArgumentError } from '../errors';
import { elements, expectClose } from '../nn/test-support';
import { array, zeros } from '../numpy/creation';
import { clipByGlobalNorm, clipByValue, globalNorm } from './clip';

test('clipByValue limits each element', () => {
  const [updates] = clipByValue(2).update(array([-5, -2, 0.5, 3]), null);
  expect(elements(updates)).toEqual([-2, -2, 0.5, 2]);
  expect(() => clipByValue(0)).toThrow(
    new ArgumentError('optim.clipByValue: expected limit to be a finite number above 0, got 0'),
  );
});

test('globalNorm is that of all elements together', () => {
  expect(globalNorm({ a: array([[3]]), b: [array([4, 12])] }).item()).toBe(13);
  expect(globalNorm([]).item()).toBe(0);
});

describe('clipByGlobalNorm', () => {
  const gradients = { a: array([3, 0]), b: array(4, { dtype: 'float64' }) };

  test('shortens long gradients and keeps their direction', () => {
    const [updates] = clipByGlobalNorm(1).update(gradients, null);
    expectClose(updates.a, [0.6, 0], 1e-7);
    expectClose(updates.b, [0.8], 1e-7);
    expect([updates.a.dtype, updates.b.dtype]).toEqual(['float32', 'float64']);
  });

  test('leaves short ones as they are, and zeros zero', () => {
    const [updates] = clipByGlobalNorm(5).update(gradients, null);
    expect([elements(updates.a), elements(updates.b)]).toEqual([[3, 0], [4]]);
    expect(elements(clipByGlobalNorm(1).update(zeros([2]), null)[0])).toEqual([0, 0]);
  });

  test('does not hide NaN', () => {
    expect(elements(clipByGlobalNorm(1).update(array([Number.NaN, 1]), null)[0])).toEqual([Number.NaN, Number.NaN]);
  });

  test('refuses norms that are not above 0', () => {
    for (const norm of [0, -1, Number.NaN]) {
      expect(() => clipByGlobalNorm(norm)).toThrow(
        new ArgumentError(`optim.clipByGlobalNorm: expected maxNorm to be a finite number above 0, got ${norm}`),
      );
    }
  });
});
