import type { DType } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import type { Shape } from '../array/shape';
import { log, log1p, negative } from '../numpy';
import { type Key, randomWords } from './counter';
import { checkSample, type SampleOptions } from './sample-options';
import { openUnit } from './unit-interval';

/**
 * Exponential numbers of rate 1: −log(1 − u). Multiply them by a scale for another mean.
 *
 * u lies in (0, 1) in steps of 2⁻³² near 0 for float32, so the numbers lie between 2⁻³³ and 16.6 (float64: 2⁻⁵⁴ and 36.7).
 * As for `normal`, other platforms may round differently in the last digit.
 *
 * @param key uint32 [2].
 * @returns float32 or float64 of the given shape.
 */
export function exponential(key: Key, options: SampleOptions = {}): NDArray {
  const { shape, dtype } = checkSample('random.exponential', options);
  return standardExponential('random.exponential', key, shape, dtype);
}

/**
 * Standard Gumbel numbers: −log(E) with E exponential; mean 0.5772, variance π² / 6. The largest of logits + Gumbel numbers
 * is a sample of softmax(logits).
 *
 * They lie between −2.8 and 22.9 for float32, −3.6 and 37.4 for float64.
 *
 * @param key uint32 [2].
 * @returns float32 or float64 of the given shape.
 */
export function gumbel(key: Key, options: SampleOptions = {}): NDArray {
  const { shape, dtype } = checkSample('random.gumbel', options);
  return standardGumbel('random.gumbel', key, shape, dtype);
}

function standardExponential(where: string, key: Key, shape: Shape, dtype: DType): NDArray {
  return negative(log1p(negative(openUnit(randomWords(where, key, shape), dtype))));
}

/** @internal `gumbel` that names the caller in errors. */
export function standardGumbel(where: string, key: Key, shape: Shape, dtype: DType): NDArray {
  return negative(log(standardExponential(where, key, shape, dtype)));
}
