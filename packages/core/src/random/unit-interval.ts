import type { DType } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { add, astype, minimum, multiply, rightShift } from '../numpy';

// Numbers between 0 and 1 from two random words each. Every step is exact, or rounds as IEEE 754 says, on every platform.

type Words = readonly [first: NDArray, second: NDArray];

/** k · 2⁻ⁿ for whole k in [0, 2ⁿ), all equally likely: n = 24 for float32, 53 for float64, which share their first 24 bits. */
export function halfOpenUnit([first, second]: Words, dtype: DType): NDArray {
  if (dtype === 'float32') return multiply(astype(rightShift(first, 8), dtype), 2 ** -24);
  return add(multiply(astype(first, dtype), 2 ** -32), multiply(astype(rightShift(second, 11), dtype), 2 ** -53));
}

/** (2k + 1 − 2ⁿ) · 2⁻ⁿ: symmetric about 0, and never −1, 0 or 1. */
export function symmetricUnit(words: Words, dtype: DType): NDArray {
  return add(multiply(halfOpenUnit(words, dtype), 2), step(dtype) - 1);
}

/**
 * In (0, 1), in steps of 2⁻³² for float32 and 2⁻⁵³ for float64 until the dtype's own steps are wider: fine near 0, where
 * small probabilities and the tails of logarithms are.
 */
export function openUnit(words: Words, dtype: DType): NDArray {
  const fine = dtype === 'float32' ? 2 ** -32 : 2 ** -53;
  const lower = dtype === 'float32' ? multiply(astype(words[0], dtype), fine) : halfOpenUnit(words, dtype);
  return minimum(add(lower, fine / 2), 1 - step(dtype));
}

/** The distance of `halfOpenUnit` values, and of 1 to the number below it. */
export function step(dtype: DType): number {
  return dtype === 'float32' ? 2 ** -24 : 2 ** -53;
}
