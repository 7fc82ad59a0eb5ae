import { describe, expect, test } from 'vitest';
import type { NDArray } from '../../array/ndarray';
import { ArgumentError, DTypeError } from '../../errors';
import { array, zeros } from '../../numpy/creation';
import { key } from '../../random';
import { grad } from '../../transforms/grad';
import { jit } from '../../transforms/jit';
import { elements, expectGradient, scattered, weighted } from '../test-support';
import { embedding } from './embedding';

describe('embedding', () => {
  const layer = embedding({ vocabulary: 4, features: 3 });
  const params = { weight: scattered([4, 3]) };
  const tokens = (data: number[]) => array(data, { dtype: 'int32' });

  test('gives the vectors of tokens', () => {
    const [a, , c] = [...params.weight];
    expect([...layer.apply(params, tokens([2, 0, 2]))].map(elements)).toEqual(
      [c, a, c].map((v) => elements(v as NDArray)),
    );
    expect(layer.apply(params, zeros([2, 5], { dtype: 'uint32' })).shape).toEqual([2, 5, 3]);
  });

  test('adds up the gradients of a token that occurs twice', () => {
    const slope = grad((weight: NDArray) => layer.apply({ weight }, tokens([2, 0, 2])).sum())(params.weight) as NDArray;
    expect(slope.sum(1).toJS()).toEqual([3, 0, 6, 0]);
    expectGradient((weight) => weighted(layer.apply({ weight }, tokens([1, 3, 1]))), params.weight);
  });

  test('starts with vectors of length 1 on average', () => {
    const { weight } = embedding({ vocabulary: 500, features: 64 }).init(key(0));
    expect(weight.mul(weight).sum(1).mean().item()).toBeCloseTo(1, 1);
  });

  test('refuses tokens that are not in the vocabulary, compiled or not', () => {
    expect(() => layer.apply(params, tokens([0, 4]))).toThrow(
      new ArgumentError('nn.embedding: expected tokens from 0 to 3, got 4'),
    );
    expect(() => layer.apply(params, tokens([-1]))).toThrow('got -1');
    expect(() => jit(layer.apply)(params, tokens([-1]))).toThrow(RangeError);
    expect(() => layer.apply(params, array([0.5]))).toThrow(
      new DTypeError("nn.embedding: expected tokens to be integers, got float32[1]; convert with astype('int32')"),
    );
  });
});
