import { describe, expect, test } from 'vitest';
import type { NDArray } from '../array/ndarray';
import { array, log, zeros } from '../numpy';
import { jit } from '../transforms/jit';
import { categorical, key } from '.';
import { chiSquareScore, countsOf, numbersOf } from './test-support';

const none = Number.NEGATIVE_INFINITY;

describe('categorical', () => {
  test.each(['float32', 'float64'] as const)('chooses with the probabilities of softmax: %s', (dtype) => {
    const p = [0.05, 0.2, 0.5, 0.001, 0.249];
    const logits = log(array(p, { dtype })).add(100);
    const drawn = categorical(key(1), logits, { shape: [20000] });
    expect(drawn.dtype).toBe('int32');
    expect(chiSquareScore(countsOf(numbersOf(drawn), 5), p)).toBeLessThan(3.72);
  });

  test('many equal categories', () => {
    const drawn = numbersOf(categorical(key(2), zeros([1000]), { shape: [1000] }));
    const counts = countsOf(
      drawn.map((v) => Math.floor(v / 50)),
      20,
    );
    expect(chiSquareScore(counts, new Array(20).fill(0.05))).toBeLessThan(3.72);
  });

  test('a logit of -Infinity is never chosen', () => {
    const drawn = numbersOf(categorical(key(3), array([none, 0, none, -100]), { shape: [5000] }));
    expect(new Set(drawn)).toEqual(new Set([1]));
  });

  test('the other axes are a batch, each with its own draw', () => {
    const certain = array([
      [0, none, none],
      [none, none, 0],
    ]);
    expect(categorical(key(0), certain).toJS()).toEqual([0, 2]);
    expect(categorical(key(0), certain.T, { axis: 0 }).toJS()).toEqual([0, 2]);
    expect(categorical(key(0), certain, { shape: [2, 2] }).toJS()).toEqual([
      [0, 2],
      [0, 2],
    ]);
    const rows = categorical(key(4), zeros([2000, 2]));
    expect(rows.shape).toEqual([2000]);
    expect(chiSquareScore(countsOf(numbersOf(rows), 2), [0.5, 0.5])).toBeLessThan(3.72);
    expect(categorical(key(0), zeros([3])).shape).toEqual([]);
    expect(categorical(key(0), zeros([0, 3])).shape).toEqual([0]);
  });

  test('errors', () => {
    const k = key(0);
    expect(() => categorical(k, array([0, Number.NaN]))).toThrow(
      'random.categorical: expected logits that are finite or -Infinity, got NaN',
    );
    expect(() => categorical(k, array([0, Number.POSITIVE_INFINITY]))).toThrow('got Infinity');
    expect(() =>
      categorical(
        k,
        array([
          [0, none],
          [none, none],
        ]),
      ),
    ).toThrow(
      'random.categorical: all 2 logits of a distribution are -Infinity (batch element 1); nothing can be chosen',
    );
    expect(() => categorical(k, zeros([2, 0]))).toThrow(
      'random.categorical: expected at least one category along axis 1, got float32[2, 0]',
    );
    expect(() => categorical(k, array(1))).toThrow('random.categorical: axis -1 does not exist');
    expect(() => categorical(k, zeros([2, 3]), { shape: [3] })).toThrow('random.categorical');
    expect(() => categorical(0 as never, zeros([3]))).toThrow('random.categorical: expected a key');
  });

  test('inside jit the logits are not checked', () => {
    expect(jit((x: NDArray) => categorical(key(0), x))(array([none, none])).shape).toEqual([]);
  });
});
