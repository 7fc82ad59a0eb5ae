import type { DType } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import type { Shape } from '../array/shape';
import { add, astype, minimum, multiply, rightShift } from '../numpy';
import { type Key, randomWords } from './counter';

// Numbers between 0 and 1 from random words. Every step is exact, or rounds as IEEE 754 says, on every platform.

/** k · 2⁻ⁿ for whole k in [0, 2ⁿ), all equally likely: n = 24 for float32, 53 for float64, which share their first 24 bits. */
export function halfOpenUnit(where: string, key: Key, shape: Shape, dtype: DType): NDArray {
  const [first, second] = randomWords(where, key, shape);
  if (dtype === 'float32') return multiply(astype(rightShift(first, 8), dtype), 2 ** -24);
  return add(multiply(astype(first, dtype), 2 ** -32), multiply(astype(rightShift(second, 11), dtype), 2 ** -53));
}

/** (2k + 1 − 2ⁿ) · 2⁻ⁿ: symmetric about 0, and never −1, 0 or 1. */
export function symmetricUnit(where: string, key: Key, shape: Shape, dtype: DType): NDArray {
  return add(multiply(halfOpenUnit(where, key, shape, dtype), 2), step(dtype) - 1);
}

/**
 * In (0, 1), in steps of 2⁻³² for float32 and 2⁻⁵³ for float64 until the dtype's own steps are wider: fine near 0, where
 * small probabilities and the tails of logarithms are.
 */
export function openUnit(where: string, key: Key, shape: Shape, dtype: DType): NDArray {
  const fine = dtype === 'float32' ? 2 ** -32 : 2 ** -53;
  const lower =
    dtype === 'float32'
      ? multiply(astype(randomWords(where, key, shape)[0], dtype), fine)
      : halfOpenUnit(where, key, shape, dtype);
  return minimum(add(lower, fine / 2), 1 - step(dtype));
}

/** The distance of `halfOpenUnit` values, and of 1 to the number below it. */
export function step(dtype: DType): number {
  return dtype === 'float32' ? 2 ** -24 : 2 ** -53;
}
