import type { DType } from '../array/dtype';
import { type ArrayLike, NDArray } from '../array/ndarray';
import type { Shape } from '../array/shape';
import { erf } from '../backends/reference/kernels/special';
import { ArgumentError } from '../errors';
import { add, astype, clip, erfInv, multiply } from '../numpy';
import { asArray } from '../numpy/operands';
import { type Key, randomWords } from './counter';
import { knownValues } from './known-values';
import { checkFloat, checkSample, drawShape, type SampleOptions } from './sample-options';
import { halfOpenUnit, step, symmetricUnit } from './unit-interval';

export interface NormalOptions {
  /** Default: the common shape of `mean` and `std`, which is a scalar for numbers. */
  shape?: Shape;
  /** float32 or float64. Default: float64 if `mean` or `std` is, else float32. */
  dtype?: DType;
  /** Broadcasts to the shape. Default: 0. */
  mean?: ArrayLike;
  /** Standard deviation, 0 or more; broadcasts to the shape. Default: 1. */
  std?: ArrayLike;
}

/**
 * Normal numbers: mean + std · √2 · erfInv(u) with u uniform on (−1, 1). Derivatives flow to `mean` and `std`.
 *
 * u has 24 bits for float32 and 53 for float64, so that no number lies further than 5.42 (8.29) standard deviations out.
 * erfInv takes logarithms and exponentials, which JavaScript engines may round differently in the last digit of double
 * precision: float64 results agree between platforms to about 10⁻¹⁵, float32 results in all bits except in rare cases
 * (the last bit of about one in 10⁸). On one platform the bits are always the same.
 * The WASM backend computes 256 float32 numbers and more with its own erfInv, which rounds about one in 10⁶ the other way.
 *
 * @param key uint32 [2].
 * @returns float32 or float64 of the given shape.
 * @throws ArgumentError for a negative or NaN std (not checked inside vmap and jit).
 */
export function normal(key: Key, options: NormalOptions = {}): NDArray {
  const where = 'random.normal';
  const { mean = 0, std = 1 } = options;
  const parameters = [mean, std].map((x) => asArray(where, x));
  const isDouble = parameters.some((x) => x.dtype === 'float64');
  const dtype = checkFloat(where, options.dtype ?? (isDouble ? 'float64' : 'float32'));
  const bad = knownValues(where, asArray(where, std))?.find((v) => !(v >= 0));
  if (bad !== undefined) throw new ArgumentError(`${where}: expected std to be 0 or more, got ${bad}`);
  const shape = drawShape(where, options.shape, 'mean and std', ...parameters.map((x) => x.shape));
  const standard = multiply(erfInv(symmetricUnit(randomWords(where, key, shape), dtype)), Math.SQRT2);
  const fit = (x: ArrayLike) => (x instanceof NDArray ? astype(x, dtype) : x);
  const scaled = std === 1 ? standard : multiply(standard, fit(std));
  return mean === 0 ? scaled : add(scaled, fit(mean));
}

export interface TruncatedNormalOptions extends SampleOptions {
  /** The smallest value, in standard deviations; may be −Infinity. Default: −2. */
  lower?: number;
  /** The largest value, in standard deviations; may be Infinity. Default: 2. */
  upper?: number;
}

/**
 * Standard normal numbers given that they lie in [lower, upper]: √2 · erfInv(u) with u uniform between erf(lower / √2) and
 * erf(upper / √2), in double precision for both dtypes. The standard deviation is that of the whole normal; the numbers
 * have less (0.8796 for [−2, 2]).
 *
 * @param key uint32 [2].
 * @returns float32 or float64 of the given shape.
 * @throws ArgumentError unless lower < upper, and for intervals so far out (both ends beyond 7, on one side) that double
 * precision has too few numbers for them.
 */
export function truncatedNormal(key: Key, options: TruncatedNormalOptions = {}): NDArray {
  const where = 'random.truncatedNormal';
  const { shape, dtype } = checkSample(where, options);
  const round = (x: number) => (dtype === 'float32' ? Math.fround(x) : x);
  const [lower, upper] = [round(options.lower ?? -2), round(options.upper ?? 2)];
  if (!(lower < upper)) {
    throw new ArgumentError(
      `${where}: expected lower < upper, got lower ${options.lower ?? -2} and upper ${options.upper ?? 2}`,
    );
  }
  const from = erf(lower / Math.SQRT2);
  const width = erf(upper / Math.SQRT2) - from;
  if (width < 2 ** -39) {
    throw new ArgumentError(
      `${where}: the interval from ${lower} to ${upper} has a probability of about ${width / 2}; expected at least 2^-40`,
    );
  }
  const unit = add(halfOpenUnit(randomWords(where, key, shape), 'float64'), step('float64') / 2);
  const largest = 1 - step('float64');
  const inside = clip(add(multiply(unit, width), from), -largest, largest);
  return astype(clip(multiply(erfInv(inside), Math.SQRT2), lower, upper), dtype);
}
