import { expect, test } from 'vitest';
import { array, checkpoint, grad, jit, type NDArray, np } from '../index';

const table = array([1, 2, 3]);
const outside = array([7], { dtype: 'int32' });

test('a donated array survives a call that fails before writing over it', () => {
  const step = jit((state: NDArray, at: NDArray) => [np.take(table, at), state.mul(2)], { donate: 0 });
  const state = array([1, 2, 3]);
  expect(() => step(state, outside)).toThrow(RangeError);
  expect(state.toJS()).toEqual([1, 2, 3]);
  expect(step(state, array([1], { dtype: 'int32' }))[1]?.toJS()).toEqual([2, 4, 6]);
});

test('a donated array that a failed call has written over is not given out as if nothing had happened', () => {
  const step = jit((state: NDArray, at: NDArray) => [state.mul(2), np.take(table, at)], { donate: 0, name: 'train' });
  const state = array([1, 2, 3]);
  expect(() => step(state, outside)).toThrow(RangeError);
  expect(() => state.toJS()).toThrow(/donated to train/);
});

test('a failure inside a checkpointed call comes out as it is', () => {
  const pick = checkpoint((x: NDArray, at: NDArray) => np.take(x, at).sum());
  const run = jit((x: NDArray, at: NDArray) => grad((v: NDArray) => pick(v, at))(x));
  expect(() => run(table, outside)).toThrow(RangeError);
  expect(run(table, array([2], { dtype: 'int32' })).toJS()).toEqual([0, 0, 1]);
});
