import { describe, expect, test } from 'vitest';
import type { NDArray } from '../array/ndarray';
import { array, reshape } from '../numpy';
import { jit } from '../transforms/jit';
import { vmap } from '../transforms/vmap';
import { choice, key, splitMany } from '.';
import { chiSquareScore, countsOf, numbersOf } from './test-support';

describe('choice', () => {
  test('with replacement all are equally likely', () => {
    const drawn = choice(key(1), 5, { shape: [100, 100] });
    expect(drawn.shape).toEqual([100, 100]);
    expect(drawn.dtype).toBe('int32');
    expect(chiSquareScore(countsOf(numbersOf(drawn), 5), new Array(5).fill(0.2))).toBeLessThan(3.72);
    expect(choice(key(1), 5).shape).toEqual([]);
  });

  test('with p', () => {
    const p = [0.5, 0, 0.3, 0.2];
    const counts = countsOf(numbersOf(choice(key(2), 4, { shape: [10000], p })), 4);
    expect(counts[1]).toBe(0);
    expect(
      chiSquareScore(
        [0, 2, 3].map((i) => counts[i] as number),
        [0.5, 0.3, 0.2],
      ),
    ).toBeLessThan(3.72);
    expect(numbersOf(choice(key(2), 4, { shape: [50], p: array(p) }))).toEqual(
      numbersOf(choice(key(2), 4, { shape: [50], p })),
    );
  });

  test('without replacement all subsets in all orders are equally likely', () => {
    const pick = (k: NDArray) => choice(k, 4, { shape: [2], replace: false });
    const pairs = vmap(pick)(splitMany(key(3), 6000)).toJS() as number[][];
    expect(pairs.every(([a, b]) => a !== b)).toBe(true);
    const counts = countsOf(
      pairs.map(([a = 0, b = 0]) => 3 * a + (b > a ? b - 1 : b)),
      12,
    );
    expect(chiSquareScore(counts, new Array(12).fill(1 / 12))).toBeLessThan(3.72);
    expect(numbersOf(choice(key(0), 9, { shape: [3, 3], replace: false })).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('without replacement and with p, the next is chosen among the rest', () => {
    const p = [0.6, 0.3, 0.1, 0];
    const pick = (k: NDArray) => choice(k, 4, { shape: [2], replace: false, p });
    const pairs = vmap(pick)(splitMany(key(4), 6000)).toJS() as number[][];
    const orders = [0, 1, 2].flatMap((a) => [0, 1, 2].filter((b) => b !== a).map((b) => [a, b] as const));
    const counts = countsOf(
      pairs.map((pair) => orders.findIndex(([a, b]) => pair[0] === a && pair[1] === b)),
      6,
    );
    const expected = orders.map(([a, b]) => ((p[a] as number) * (p[b] as number)) / (1 - (p[a] as number)));
    expect(chiSquareScore(counts, expected)).toBeLessThan(3.72);
  });

  test('elements of an array, along an axis', () => {
    const x = reshape(array([0, 10, 20, 30, 40, 50]), [2, 3]);
    const columns = numbersOf(choice(key(5), 3, { shape: [4] }));
    const drawn = choice(key(5), x, { shape: [4], axis: 1 });
    expect(drawn.toJS()).toEqual([columns.map((c) => 10 * c), columns.map((c) => 30 + 10 * c)]);
    expect(choice(key(5), x).shape).toEqual([3]);
    expect(choice(key(5), x, { shape: [5, 2] }).shape).toEqual([5, 2, 3]);
  });

  test('nothing can be chosen from nothing', () => {
    expect(choice(key(0), 0, { shape: [0], replace: false }).shape).toEqual([0]);
  });

  test('errors', () => {
    const k = key(0);
    expect(() => choice(k, 0)).toThrow('random.choice: the population is empty; nothing can be chosen');
    expect(() => choice(k, 3, { shape: [4], replace: false })).toThrow(
      'random.choice: cannot choose 4 from a population of 3 without replacement; choose fewer, or use replace: true',
    );
    expect(() => choice(k, 3, { shape: [3], replace: false, p: [0.5, 0.5, 0] })).toThrow(
      'random.choice: cannot choose 3 from the 2 of 3 whose p is above 0 without replacement',
    );
    expect(() => choice(k, 3, { p: [0.5, 0.5] })).toThrow(
      'random.choice: expected one probability for each of the 3 in the population, got p float32[2]',
    );
    expect(() => choice(k, 2, { p: [0.5, 0.4] })).toThrow(/expected p to sum to 1, got 0\.9.*; divide it by its sum/);
    expect(() => choice(k, 2, { p: [1.5, -0.5] })).toThrow('random.choice: expected p to be 0 or more, got -0.5');
    expect(() => choice(k, 2, { p: [1, Number.NaN] })).toThrow('expected p to be 0 or more, got NaN');
    expect(() => choice(k, -1)).toThrow(
      'random.choice: expected a to be an array or a whole number of 0 or more, got -1',
    );
    expect(() => choice(k, array(1))).toThrow('random.choice: axis 0 does not exist');
    expect(() => choice(0 as never, 3)).toThrow('random.choice: expected a key');
  });

  test('inside jit p is not checked', () => {
    const pick = jit((p: NDArray) => choice(key(0), 2, { p }));
    expect(pick(array([0, 1])).item()).toBe(1);
    expect(pick(array([0, 0.3])).item()).toBe(1);
  });
});
