import { expect, test } from 'vitest';
import { ArgumentError, ShapeError } from '../errors';
import { zeros } from '../numpy/creation';
import { variance } from '../numpy/reductions';
import { key } from '../random';
import { relu, tanh } from './activations';
import { orthogonal } from './initializers';
import { mlp } from './mlp';
import { elements, scattered } from './test-support';

test('is dense layers with an activation between them', () => {
  const model = mlp([3, 5, 4, 2]);
  const params = model.init(key(0));
  expect(params.map((p) => [p.weight.shape, p.bias.shape])).toEqual([
    [[3, 5], [5]],
    [[5, 4], [4]],
    [[4, 2], [2]],
  ]);
  const x = scattered([6, 3], 1, 'float32');
  const [a, b, c] = params as [(typeof params)[number], (typeof params)[number], (typeof params)[number]];
  const layer = (p: (typeof params)[number], v: typeof x) => v.matmul(p.weight).add(p.bias);
  expect(elements(model.apply(params, x))).toEqual(elements(layer(c, relu(layer(b, relu(layer(a, x)))))));
  const smooth = mlp([3, 5, 2], { activation: tanh, init: orthogonal, dtype: 'float64' });
  const [p, q] = smooth.init(key(1)) as [typeof a, typeof a];
  expect(elements(smooth.apply([p, q], x))).toEqual(elements(layer(q, tanh(layer(p, x)))));
  expect(p.weight.dtype).toBe('float64');
});

test('starts with variance 2 / in, each layer with numbers of its own', () => {
  const params = mlp([100, 100, 100]).init(key(0));
  for (const { weight } of params) expect(variance(weight).item() * 50).toBeCloseTo(1, 1);
  expect(elements(params[0]?.weight as never)).not.toEqual(elements(params[1]?.weight as never));
});

test('says what is wrong', () => {
  const message = (got: string) =>
    new ArgumentError(
      `nn.mlp: expected at least two sizes, whole numbers of 1 or more, such as [784, 256, 10], got ${got}`,
    );
  expect(() => mlp([3])).toThrow(message('[3]'));
  expect(() => mlp([3, 0])).toThrow(message('[3, 0]'));
  expect(() => mlp(7 as never)).toThrow(message('number'));
  const model = mlp([3, 2]);
  expect(() => model.apply([], zeros([1, 3]))).toThrow(
    'nn.mlp: expected params of 1 layers, got 0; make them with init(key)',
  );
  expect(() => model.apply(model.init(key(0)), zeros([1, 4]))).toThrow(ShapeError);
});
