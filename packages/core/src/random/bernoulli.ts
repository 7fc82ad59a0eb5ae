import type { ArrayLike, NDArray } from '../array/ndarray';
import type { Shape } from '../array/shape';
import { ArgumentError } from '../errors';
import { less } from '../numpy';
import { asFloat } from '../numpy/operands';
import { type Key, randomWords } from './counter';
import { knownValues } from './known-values';
import { drawShape } from './sample-options';
import { openUnit } from './unit-interval';

export interface BernoulliOptions {
  /** p broadcasts to it. Default: the shape of p. */
  shape?: Shape;
}

/**
 * True with probability p: u < p with u uniform on (0, 1). 0 is never and 1 always true; other probabilities are met to
 * within 2⁻³² (p below 2⁻⁸) to 2⁻²⁵ (p near 1), and to 2⁻⁵³ where p is float64.
 *
 * @param key uint32 [2].
 * @param p probabilities; inside vmap and jit they are not checked, and NaN gives false.
 * @returns bool.
 * @throws ArgumentError for probabilities outside [0, 1] or NaN.
 */
export function bernoulli(key: Key, p: ArrayLike, options: BernoulliOptions = {}): NDArray {
  const where = 'random.bernoulli';
  const probability = asFloat(where, p);
  const bad = knownValues(where, probability)?.find((v) => !(v >= 0 && v <= 1));
  if (bad !== undefined) throw new ArgumentError(`${where}: expected p in [0, 1], got ${bad}`);
  const shape = drawShape(where, options.shape, 'p', probability.shape);
  return less(openUnit(randomWords(where, key, shape), probability.dtype), probability);
}
