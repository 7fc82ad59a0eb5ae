import type { DType } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { ArgumentError } from '../errors';
import { add, minimum, multiply } from '../numpy';
import { type Key, randomWords } from './counter';
import { checkSample, type SampleOptions } from './sample-options';
import { halfOpenUnit } from './unit-interval';

export interface UniformOptions extends SampleOptions {
  /** The smallest value. Default: 0. */
  minval?: number;
  /** Above the largest value. Default: 1. */
  maxval?: number;
}

/**
 * Uniform on [minval, maxval): minval + u · (maxval − minval) with u a multiple of 2⁻²⁴ (float32) or 2⁻⁵³ (float64). The
 * bounds are first rounded to the dtype; where they are equal, so are the numbers.
 *
 * For bounds that are arrays, or that have a derivative: `low.add(uniform(key, { shape }).mul(high.sub(low)))`.
 *
 * @param key uint32 [2].
 * @returns float32 or float64 of the given shape.
 * @throws ArgumentError for bounds that are not finite or the wrong way round.
 */
export function uniform(key: Key, options: UniformOptions = {}): NDArray {
  const where = 'random.uniform';
  const { shape, dtype } = checkSample(where, options);
  const round = (x: number) => (dtype === 'float32' ? Math.fround(x) : x);
  const low = round(options.minval ?? 0);
  const high = round(options.maxval ?? 1);
  if (!Number.isFinite(round(high - low)) || low > high) {
    throw new ArgumentError(
      `${where}: expected minval <= maxval, both finite in ${dtype} and so is their distance, ` +
        `got minval ${options.minval ?? 0} and maxval ${options.maxval ?? 1}`,
    );
  }
  const unit = halfOpenUnit(randomWords(where, key, shape), dtype);
  if (low === 0 && high === 1) return unit;
  // The sum may round up to maxval.
  return minimum(add(multiply(unit, high - low), low), low < high ? numberBelow(high, dtype) : high);
}

/** The largest number of a dtype below x. */
function numberBelow(x: number, dtype: DType): number {
  if (x === 0) return dtype === 'float32' ? -(2 ** -149) : -Number.MIN_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  if (dtype === 'float32') {
    view.setFloat32(0, x);
    view.setInt32(0, view.getInt32(0) - Math.sign(x));
    return view.getFloat32(0);
  }
  view.setFloat64(0, x);
  view.setBigInt64(0, view.getBigInt64(0) - BigInt(Math.sign(x)));
  return view.getFloat64(0);
}
