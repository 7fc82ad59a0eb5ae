import { describe, expect, test } from 'vitest';
import type { NDArray } from '../../array/ndarray';
import { ArgumentError, ShapeError } from '../../errors';
import { array, full, ones, zeros } from '../../numpy/creation';
import { key } from '../../random';
import { grad } from '../../transforms/grad';
import { jit } from '../../transforms/jit';
import { elements, expectClose, expectGradient, scattered, weighted } from '../test-support';
import { batchNorm } from './batch-norm';

describe('batchNorm', () => {
  const layer = batchNorm({ features: 2, dtype: 'float64' });
  const params = { scale: array([2, -1], { dtype: 'float64' }), bias: array([0.5, 3], { dtype: 'float64' }) };
  const x = scattered([3, 2, 4, 2], 5).add(7);

  /** The values of each channel of [n, 2, ...]. */
  function channels(v: NDArray): [number[], number[]] {
    return [0, 1].map((c) => elements(v.slice(null, [c, c + 1]))) as [number[], number[]];
  }
  const meanOf = (v: number[]) => v.reduce((a, b) => a + b, 0) / v.length;
  const varianceOf = (v: number[]) => meanOf(v.map((u) => (u - meanOf(v)) ** 2));

  test('gives each channel of a training batch mean 0 and variance 1', () => {
    const [y] = layer.apply(layer.init(key(0)), layer.initState(), x, { train: true });
    expect(y.shape).toEqual(x.shape);
    for (const channel of channels(y)) {
      expectClose([meanOf(channel), varianceOf(channel)], [0, 1], 1e-5);
    }
  });

  test('then scales and shifts it', () => {
    const [y] = layer.apply(params, layer.initState(), x, { train: true });
    channels(x).forEach((channel, c) => {
      const [m, v] = [meanOf(channel), varianceOf(channel)];
      const [s, b] = [elements(params.scale)[c] as number, elements(params.bias)[c] as number];
      expectClose(
        channels(y)[c] as number[],
        channel.map((u) => ((u - m) / Math.sqrt(v + 1e-5)) * s + b),
        1e-12,
      );
    });
  });

  test('follows mean and unbiased variance with the momentum', () => {
    let state = layer.initState();
    const expected = { mean: [0, 0], variance: [1, 1] };
    for (let step = 0; step < 4; step++) {
      const batch = x.mul(step + 1);
      [, state] = layer.apply(params, state, batch, { train: true });
      channels(batch).forEach((channel, c) => {
        const n = channel.length;
        expected.mean[c] = 0.9 * (expected.mean[c] as number) + 0.1 * meanOf(channel);
        expected.variance[c] = 0.9 * (expected.variance[c] as number) + (0.1 * varianceOf(channel) * n) / (n - 1);
      });
    }
    expectClose(state.mean, expected.mean, 1e-12);
    expectClose(state.variance, expected.variance, 1e-12);
  });

  test('uses the state outside training, and leaves it as it was', () => {
    const state = { mean: array([1, 2], { dtype: 'float64' }), variance: array([4, 9], { dtype: 'float64' }) };
    const [y, after] = layer.apply(params, state, full([1, 2], 5, { dtype: 'float64' }));
    expectClose(y, [(2 * (5 - 1)) / Math.sqrt(4 + 1e-5) + 0.5, -(5 - 2) / Math.sqrt(9 + 1e-5) + 3], 1e-14);
    expect(after).toBe(state);
  });

  test('has derivatives through the statistics of the batch', () => {
    const small = scattered([3, 2, 2], 5);
    const run = (p: typeof params, v: NDArray) => weighted(layer.apply(p, layer.initState(), v, { train: true })[0]);
    expectGradient((v) => run(params, v), small);
    expectGradient((scale) => run({ ...params, scale }, small), params.scale);
    expectGradient((bias) => run({ ...params, bias }, small), params.bias);
    expectGradient((v) => weighted(layer.apply(params, layer.initState(), v)[0]), small);
    // A shift of the whole batch changes nothing.
    expectClose(grad((t: NDArray) => run(params, small.add(t)))(array(0, { dtype: 'float64' })) as NDArray, [0], 1e-12);
  });

  test('takes no gradient through the state', () => {
    const f = (v: NDArray) => layer.apply(params, layer.initState(), v, { train: true })[1].mean.sum();
    expect(new Set(elements(grad(f)(x) as NDArray).map(Math.abs))).toEqual(new Set([0]));
  });

  test('is compiled with its state', () => {
    const step = jit((state: ReturnType<typeof layer.initState>, v: NDArray) =>
      layer.apply(params, state, v, { train: true }),
    );
    const [y, state] = step(layer.initState(), x);
    const [expected, expectedState] = layer.apply(params, layer.initState(), x, { train: true });
    expect(elements(y)).toEqual(elements(expected));
    expect(elements(state.variance)).toEqual(elements(expectedState.variance));
  });

  test('says what does not fit', () => {
    expect(() => layer.apply(params, layer.initState(), zeros([4, 3]))).toThrow(
      new ShapeError('nn.batchNorm: expected x to be [n, 2, ...spatial], got float32[4, 3]'),
    );
    expect(() => layer.apply(params, layer.initState(), ones([1, 2]), { train: true })).toThrow(
      'nn.batchNorm: training needs at least two values for each channel, got x float32[1, 2]; use a larger batch',
    );
    expect(() => batchNorm({ features: 2, momentum: 1 })).toThrow(
      new ArgumentError('nn.batchNorm: expected momentum to be a number of 0 or more, below 1, got 1'),
    );
    expect(() => batchNorm({ features: 2, epsilon: 0 })).toThrow(
      'nn.batchNorm: expected epsilon to be a finite number above 0, got 0',
    );
  });
});
