import type { NDArray } from '../array/ndarray';
import { checkShape, type Shape } from '../array/shape';
import { type Key, randomWords } from './counter';

/**
 * Random bits: every uint32 with equal probability. Element i (in row-major order) is the first word of Threefry-2x32 with
 * 20 rounds under the key, at the counter (0, i), whatever the shape: a longer draw begins with the shorter one.
 *
 * The same on every platform and in every later version, as are `uniform`, `randint`, `bernoulli` and `permutation`, which
 * use nothing but exact arithmetic behind it.
 *
 * Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011).
 *
 * @param key uint32 [2].
 * @param shape default: a scalar.
 * @returns uint32 of that shape.
 */
export function bits(key: Key, shape: Shape = []): NDArray {
  return randomWords('random.bits', key, checkShape('random.bits', shape))[0];
}
