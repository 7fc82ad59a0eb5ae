import { NDArray } from '../array/ndarray';
import { checkAxis } from '../array/shape';
import { ArgumentError } from '../errors';
import { argsort, take } from '../numpy';
import { type Key, randomWords } from './counter';

export interface PermutationOptions {
  /** The axis along which slices change places. Default: 0. */
  axis?: number;
}

/**
 * The numbers below n in random order, or an array with its slices along an axis in random order: sorted by a random 64-bit
 * word each. Two words are equal with a probability of less than n² / 2⁶⁵; only then do two places keep their order.
 *
 * @param key uint32 [2].
 * @param x a whole number n of 0 or more, or an array.
 * @returns int32 [n], or the array's shape and dtype.
 */
export function permutation(key: Key, x: number | NDArray, options: PermutationOptions = {}): NDArray {
  const where = 'random.permutation';
  if (x instanceof NDArray) {
    const axis = checkAxis(where, options.axis ?? 0, x.ndim);
    return take(x, shuffledIndices(where, key, x.shape[axis] as number), axis);
  }
  if (!Number.isInteger(x) || x < 0) {
    throw new ArgumentError(`${where}: expected an array or a whole number of 0 or more, got ${String(x)}`);
  }
  return shuffledIndices(where, key, x);
}

/** @internal `permutation` of n that names the caller in errors. */
export function shuffledIndices(where: string, key: Key, n: number): NDArray {
  const [upper, lower] = randomWords(where, key, [n]);
  // Sorting is stable: by the lower words first, then by the upper ones.
  const byLower = argsort(lower);
  return take(byLower, argsort(take(upper, byLower)));
}
