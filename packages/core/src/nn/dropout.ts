import type { NDArray } from '../array/ndarray';
import { asFloat } from '../numpy/operands';
import { mul } from '../primitives/arithmetic';
import { fillLike } from '../primitives/broadcast';
import { select } from '../primitives/select';
import { bernoulli } from '../random';
import { checkNumber } from './arguments';

export interface DropoutOptions {
  /** Whether elements are dropped; in use nothing happens. Default: true. */
  train?: boolean;
}

export function checkRate(where: string, rate: number): void {
  checkNumber(where, 'rate', rate, rate >= 0 && rate < 1, 'a probability of 0 or more, below 1');
}

/**
 * Each element becomes 0 with probability `rate` and is divided by 1 − rate otherwise, so that its mean stays
 * (Srivastava et al. 2014, section 10, "inverted" form).
 *
 * @param key - uint32 [2]; the same key drops the same elements.
 * @param rate - the probability to be dropped, 0 ≤ rate < 1.
 */
export function dropout(key: NDArray, rate: number, x: NDArray, options: DropoutOptions = {}): NDArray {
  checkRate('nn.functional.dropout', rate);
  const a = asFloat('nn.functional.dropout', x);
  if (options.train === false || rate === 0) return a;
  const kept = bernoulli(key, 1 - rate, { shape: a.shape });
  return select(kept, mul(a, fillLike(a, 1 / (1 - rate))), fillLike(a, 0));
}
