import { describe, expect, test } from 'vitest';
import '../../test/support/matchers';
import { array, grad, NDArray, np } from '../index';

const x = array([
  [1, 2, 3],
  [4, 5, 6],
]);

describe('an array', () => {
  test('knows its shape, rank and size', () => {
    expect([x.shape, x.ndim, x.size, x.dtype]).toEqual([[2, 3], 2, 6, 'float32']);
    expect([array(7).shape, array(7).size]).toEqual([[], 1]);
  });

  test('is a value: neither the data it was made of nor the data it gives are its own', async () => {
    const source = new Float32Array([1, 2]);
    const a = array(source);
    source[0] = 9;
    const copy = a.dataSync();
    copy[1] = 9;
    (await a.data())[0] = 9;
    expect(a.toJS()).toEqual([1, 2]);
  });

  test('gives nested lists, booleans for bool, a number for a scalar', () => {
    expect(x.toJS()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(x.greater(3).toJS()).toEqual([
      [false, false, false],
      [true, true, true],
    ]);
    expect(array(5).toJS()).toBe(5);
    expect(array(true).toJS()).toBe(true);
    expect(np.zeros([2, 0, 3]).toJS()).toEqual([[], []]);
    expect(array(x.toJS())).toHaveSameBits(x);
  });

  test('iterates over its first axis, also under a derivative', () => {
    expect([...x].map((row) => row.toJS())).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const product = (v: NDArray) => [...v].reduce((a, b) => a.mul(b));
    expect(grad(product)(array([2, 3, 4]))).toBeAllclose([12, 8, 6]);
  });

  test('methods are the functions of np', () => {
    const y = array([
      [2, 2, 2],
      [3, 3, 3],
    ]);
    const pairs: [NDArray, NDArray][] = [
      [x.add(y), np.add(x, y)],
      [x.sub(1), np.subtract(x, 1)],
      [x.mul(y), np.multiply(x, y)],
      [x.div(2), np.divide(x, 2)],
      [x.pow(3), np.power(x, 3)],
      [x.neg(), np.negative(x)],
      [x.less(y), np.less(x, y)],
      [x.lessEqual(y), np.lessEqual(x, y)],
      [x.greater(y), np.greater(x, y)],
      [x.greaterEqual(y), np.greaterEqual(x, y)],
      [x.equal(y), np.equal(x, y)],
      [x.notEqual(y), np.notEqual(x, y)],
      [x.sum(0), np.sum(x, 0)],
      [x.mean(1, { keepDims: true }), np.mean(x, 1, { keepDims: true })],
      [x.max(), np.max(x)],
      [x.min(-1), np.min(x, -1)],
      [x.matmul(y.T), np.matmul(x, np.transpose(y))],
      [x.transpose([1, 0]), np.transpose(x)],
      [x.reshape([3, -1]), np.reshape(x, [3, 2])],
      [x.ravel(), np.reshape(x, [6])],
      [x.at(-1, 0), np.at(x, 1, 0)],
      [x.slice([0, 1], [null, null, 2]), np.slice(x, [0, 1], [0, 3, 2])],
      [x.astype('int32'), np.astype(x, 'int32')],
    ];
    for (const [method, expected] of pairs) expect(method).toHaveSameBits(expected);
  });

  test('of bool holds 0 and 1 alone', () => {
    for (const made of [
      np.full([2], 5, { dtype: 'bool' }),
      array([5, -1], { dtype: 'bool' }),
      np.arange(2, 4, 1, { dtype: 'bool' }),
      np.linspace(2, 4, 2, { dtype: 'bool' }),
      NDArray.scalar(7, 'bool').reshape([1]),
      array([3, Number.NaN]).astype('bool'),
    ]) {
      expect([...made.dataSync()].every((v) => v === 1)).toBe(true);
    }
  });
});
