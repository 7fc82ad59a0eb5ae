import type { NDArray } from '../array/ndarray';
import { checkShape, type Shape } from '../array/shape';
import { ArgumentError } from '../errors';
import { add, astype, bitwiseAnd, less, multiply, rightShift, where as select, subtract } from '../numpy';
import { type Key, randomWords } from './counter';

export interface RandintOptions {
  /** Default: a scalar. */
  shape?: Shape;
  /** The smallest number: whole, from −2³¹ on. Default: 0. */
  minval?: number;
  /** Above the largest number: whole, up to 2³¹. */
  maxval: number;
}

/**
 * Whole numbers from [minval, maxval): minval + ⌊w · n / 2⁶⁴⌋ with n = maxval − minval and a random 64-bit word w. The
 * probabilities of two numbers differ by at most 2⁻⁶⁴, that is by less than one part in 2³² for any n.
 *
 * @param key uint32 [2].
 * @returns int32 of the given shape.
 * @throws ArgumentError for bounds that are not whole, outside int32, or with nothing between them.
 */
export function randint(key: Key, options: RandintOptions): NDArray {
  const where = 'random.randint';
  const { minval = 0, maxval } = options;
  const whole = Number.isInteger(minval) && Number.isInteger(maxval);
  if (!whole || minval < -(2 ** 31) || maxval > 2 ** 31 || minval >= maxval) {
    throw new ArgumentError(
      `${where}: expected whole numbers with -2^31 <= minval < maxval <= 2^31, got minval ${minval} and maxval ${maxval}`,
    );
  }
  const span = maxval - minval;
  const [first, second] = randomWords(where, key, checkShape(where, options.shape ?? []));
  const offset = span === 2 ** 32 ? first : scale(first, second, span);
  if (span <= 2 ** 31) return add(astype(offset, 'int32'), minval);
  // An offset of 2^31 or more is no int32.
  const high = add(astype(subtract(offset, 2 ** 31), 'int32'), minval + 2 ** 31);
  return select(less(offset, 2 ** 31), add(astype(offset, 'int32'), minval), high);
}

/** ⌊(first · 2³² + second) · n / 2⁶⁴⌋ for n < 2³². */
function scale(first: NDArray, second: NDArray, n: number): NDArray {
  const carried = upperProduct(second, n);
  const low = add(multiply(first, n), carried);
  return add(upperProduct(first, n), astype(less(low, carried), 'uint32'));
}

/** The upper 32 bits of the 64-bit product, from products of 16-bit halves. */
function upperProduct(x: NDArray, n: number): NDArray {
  const [nHigh, nLow] = [Math.floor(n / 2 ** 16), n % 2 ** 16];
  const [xHigh, xLow] = [rightShift(x, 16), bitwiseAnd(x, 0xffff)];
  const middle = add(multiply(xHigh, nLow), rightShift(multiply(xLow, nLow), 16));
  const other = add(multiply(xLow, nHigh), bitwiseAnd(middle, 0xffff));
  return add(add(multiply(xHigh, nHigh), rightShift(middle, 16)), rightShift(other, 16));
}
