import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../errors';
import { zeros } from '../../numpy/creation';
import { mean, variance } from '../../numpy/reductions';
import { key } from '../../random';
import { elements, expectClose, expectGradient, scattered, weighted } from '../test-support';
import { layerNorm } from './layer-norm';

describe('layerNorm', () => {
  const layer = layerNorm({ features: 5 });
  const params = { scale: scattered([5]).add(2), bias: scattered([5], 3) };
  const x = scattered([4, 5], 3);

  test('gives each example mean 0 and variance 1', () => {
    const y = layer.apply(layer.init(key(0)), x.mul(1000).add(50));
    expectClose(mean(y, -1), [0, 0, 0, 0], 1e-9);
    expectClose(variance(y, -1), [1, 1, 1, 1], 1e-8);
  });

  test('is scale · standardised + bias', () => {
    const row = elements(x).slice(0, 5);
    const m = row.reduce((a, b) => a + b) / 5;
    const v = row.reduce((a, b) => a + (b - m) ** 2, 0) / 5;
    const [s, b] = [elements(params.scale), elements(params.bias)];
    const expected = row.map((u, i) => ((u - m) / Math.sqrt(v + 1e-5)) * (s[i] as number) + (b[i] as number));
    expectClose(layer.apply(params, x).at(0), expected, 1e-13);
  });

  test('has the derivatives of finite differences', () => {
    expectGradient((v) => weighted(layer.apply(params, v)), x);
    expectGradient((scale) => weighted(layer.apply({ ...params, scale }, x)), params.scale);
    expectGradient((bias) => weighted(layer.apply({ ...params, bias }, x)), params.bias);
  });

  test('says what does not fit', () => {
    expect(() => layer.apply(params, zeros([5, 4]))).toThrow(
      new ShapeError('nn.layerNorm: expected x to be [..., 5], got float32[5, 4]'),
    );
    expect(() => layerNorm({ features: 5, epsilon: -1 })).toThrow(
      'nn.layerNorm: expected epsilon to be a finite number above 0, got -1',
    );
  });
});
