import { expect, test } from 'vitest';
import { ShapeError } from '../errors';
import { array, zeros } from '../numpy/creation';
import { applyUpdates } from './apply-updates';

test('adds, and keeps the dtypes of the parameters', () => {
  const params = { w: array([1, 2]), b: array(3, { dtype: 'float64' }) };
  const after = applyUpdates(params, { w: array([0.5, -1], { dtype: 'float64' }), b: array(1) });
  expect(after.w.toJS()).toEqual([1.5, 1]);
  expect(after.w.dtype).toBe('float32');
  expect(after.b.item()).toBe(4);
  expect(after.b.dtype).toBe('float64');
  expect(params.w.toJS()).toEqual([1, 2]);
});

test('does not broadcast', () => {
  expect(() => applyUpdates(zeros([3, 1]), zeros([3]))).toThrow(
    new ShapeError(
      'optim.applyUpdates: expected updates to have the shapes of params, got float32[3] and float32[3, 1] at value',
    ),
  );
});
