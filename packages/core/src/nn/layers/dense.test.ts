import { describe, expect, test } from 'vitest';
import { ArgumentError, ShapeError } from '../../errors';
import { array, zeros } from '../../numpy/creation';
import { variance } from '../../numpy/reductions';
import { key } from '../../random';
import { ones as allOnes } from '../initializers';
import { elements, expectGradient, scattered, weighted } from '../test-support';
import { dense } from './dense';

describe('dense', () => {
  test('is x · weight + bias over the last axis', () => {
    const layer = dense({ in: 2, out: 3 });
    const params = {
      weight: array([
        [1, 2, 3],
        [4, 5, 6],
      ]),
      bias: array([10, 20, 30]),
    };
    expect(
      layer
        .apply(
          params,
          array([
            [1, 1],
            [2, 0],
          ]),
        )
        .toJS(),
    ).toEqual([
      [15, 27, 39],
      [12, 24, 36],
    ]);
    expect(layer.apply(params, array([0, 1])).toJS()).toEqual([14, 25, 36]);
    expect(layer.apply(params, zeros([4, 5, 2])).shape).toEqual([4, 5, 3]);
  });

  test('starts with variance 1 / in and no bias, and keeps the variance', () => {
    const { weight, bias } = dense({ in: 400, out: 300 }).init(key(0));
    expect([weight.shape, bias.shape]).toEqual([[400, 300], [300]]);
    expect(variance(weight).item() * 400).toBeCloseTo(1, 1);
    expect(new Set(elements(bias))).toEqual(new Set([0]));
  });

  test('can do without a bias, with other weights and in another dtype', () => {
    const layer = dense({ in: 2, out: 2, bias: false, init: allOnes, dtype: 'float64' });
    const params = layer.init(key(0));
    expect(Object.keys(params)).toEqual(['weight']);
    expect(params.weight.dtype).toBe('float64');
    expect(layer.apply(params, array([3, 4])).toJS()).toEqual([7, 7]);
  });

  test('has the derivatives of finite differences', () => {
    const layer = dense({ in: 3, out: 2 });
    const params = { weight: scattered([3, 2]), bias: scattered([2]) };
    const x = scattered([4, 3]);
    expectGradient((weight) => weighted(layer.apply({ ...params, weight }, x)), params.weight);
    expectGradient((bias) => weighted(layer.apply({ ...params, bias }, x)), params.bias);
    expectGradient((v) => weighted(layer.apply(params, v)), x);
  });

  test('says what does not fit', () => {
    const layer = dense({ in: 784, out: 10 });
    expect(() => layer.apply(layer.init(key(0)), zeros([5, 28, 28]))).toThrow(
      new ShapeError('nn.dense: expected x to be [..., 784], got float32[5, 28, 28]; nn.flatten joins axes'),
    );
    expect(() => dense({ in: 0, out: 1 })).toThrow(
      new ArgumentError('nn.dense: expected in to be a whole number of 1 or more, got 0'),
    );
    expect(() => dense({ in: 1, out: 1.5 })).toThrow(
      'nn.dense: expected out to be a whole number of 1 or more, got 1.5',
    );
  });
});
