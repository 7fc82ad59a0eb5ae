import { expect, test } from 'vitest';
import { DTypeError, ShapeError, TreeError } from '../errors';
import { array, ones, zeros } from '../numpy/creation';
import { mapLeaves } from './map-leaves';

const where = 'optim.test';

test('combines corresponding leaves', () => {
  const a = { w: array([1, 2]), rest: [array(3), null] };
  const b = { w: array([10, 20]), rest: [array(30), null] };
  const sum = mapLeaves<typeof a>(where, { a, b }, (x, y) => x.add(y));
  expect(sum.w.toJS()).toEqual([11, 22]);
  expect(sum.rest[0]?.item()).toBe(33);
  expect(sum.rest[1]).toBeNull();
});

test('says which trees do not fit, and where', () => {
  const gradients = { layers: [{ weight: ones([2, 3]) }] };
  expect(() => mapLeaves(where, { gradients, mean: { layers: [] } }, (g) => g)).toThrow(
    new TreeError(
      'optim.test: expected mean to have the structure of gradients, got {"layers": []} and {"layers": [{"weight": *}]}; ' +
        'a state belongs to the parameters that init was called with',
    ),
  );
  expect(() => mapLeaves(where, { gradients, mean: { layers: [{ weight: ones([3]) }] } }, (g) => g)).toThrow(
    new ShapeError(
      'optim.test: expected mean to have the shapes of gradients, got float32[3] and float32[2, 3] at layers[0].weight',
    ),
  );
  expect(() => mapLeaves(where, { gradients: zeros([2], { dtype: 'int32' }) }, (g) => g)).toThrow(
    new DTypeError('optim.test: expected float arrays in gradients, got int32[2] at value'),
  );
});
