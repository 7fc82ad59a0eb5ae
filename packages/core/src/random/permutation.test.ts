import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { threefry2x32 } from '../backends/reference/kernels/threefry';
import { array, reshape } from '../numpy';
import { vmap } from '../transforms/vmap';
import { key, permutation, splitMany } from '.';
import { chiSquareScore, countsOf, numbersOf } from './test-support';

describe('permutation', () => {
  test('is the order of the 64-bit words', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(200), (seed, n) => {
        const words = Array.from({ length: n }, (_, i) => {
          const [first, second] = threefry2x32(0, seed, 0, i);
          return { i, word: (BigInt(first) << 32n) | BigInt(second) };
        });
        const expected = words.sort((a, b) => (a.word < b.word ? -1 : 1)).map(({ i }) => i);
        const drawn = permutation(key(seed), n);
        expect(drawn.dtype).toBe('int32');
        expect(numbersOf(drawn)).toEqual(expected);
        expect(numbersOf(drawn).sort((a, b) => a - b)).toEqual(expected.map((_, i) => i));
      }),
      { numRuns: 30 },
    );
  });

  test('all orders of three are equally likely, and so are all places of ten', () => {
    const orders = vmap((k: ReturnType<typeof key>) => permutation(k, 3))(splitMany(key(1), 6000)).toJS() as number[][];
    const names = ['0,1,2', '0,2,1', '1,0,2', '1,2,0', '2,0,1', '2,1,0'];
    const counts = countsOf(
      orders.map((o) => names.indexOf(o.join())),
      6,
    );
    expect(chiSquareScore(counts, new Array(6).fill(1 / 6))).toBeLessThan(3.72);
    const ten = vmap((k: ReturnType<typeof key>) => permutation(k, 10))(splitMany(key(2), 2000)).toJS() as number[][];
    for (let i = 0; i < 10; i++) {
      const places = countsOf(
        ten.map((o) => o[i] as number),
        10,
      );
      expect(chiSquareScore(places, new Array(10).fill(0.1))).toBeLessThan(3.72);
    }
  });

  test('moves whole slices of an array along an axis', () => {
    const order = numbersOf(permutation(key(3), 4));
    const x = reshape(array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], { dtype: 'int32' }), [4, 3]);
    expect(permutation(key(3), x).toJS()).toEqual(order.map((i) => [3 * i, 3 * i + 1, 3 * i + 2]));
    expect(permutation(key(3), x.T, { axis: -1 }).T.toJS()).toEqual(permutation(key(3), x).toJS());
  });

  test('errors', () => {
    expect(() => permutation(key(0), -1)).toThrow(
      'random.permutation: expected an array or a whole number of 0 or more, got -1',
    );
    expect(() => permutation(key(0), 1.5)).toThrow('got 1.5');
    expect(() => permutation(key(0), [1, 2] as never)).toThrow('random.permutation: expected an array');
    expect(() => permutation(key(0), array(1))).toThrow('random.permutation: axis 0 does not exist');
    expect(() => permutation(key(0), array([1]), { axis: 1 })).toThrow('random.permutation: axis 1 does not exist');
  });
});
