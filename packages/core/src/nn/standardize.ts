import type { NDArray } from '../array/ndarray';
import { checkAxes } from '../array/shape';
import { asFloat } from '../numpy/operands';
import { type Axes, mean } from '../numpy/reductions';
import { add, mul, sub } from '../primitives/arithmetic';
import { fillLike } from '../primitives/broadcast';
import { rsqrt } from '../primitives/elementary';
import { unreduce } from '../primitives/reduce';
import { checkNumber } from './arguments';

export interface StandardizeOptions {
  /** Added to the variance. Default: 1e-5 (PyTorch). */
  epsilon?: number;
}

/** (x − mean) / √(variance + ε) over axes (default: the last), with the mean square distance as variance. */
export function standardize(x: NDArray, axis: Axes = -1, options: StandardizeOptions = {}): NDArray {
  const { epsilon = 1e-5 } = options;
  checkEpsilon('nn.standardize', epsilon);
  const a = asFloat('nn.standardize', x);
  const axes = checkAxes('nn.standardize', axis, a.ndim);
  const { centred, variance } = moments(a, axes);
  return mul(centred, unreduce(inverseDeviation(variance, epsilon), a.shape, axes));
}

/** The mean over axes, the mean square distance from it, and the distance of each element. */
export function moments(x: NDArray, axes: readonly number[]): { mean: NDArray; variance: NDArray; centred: NDArray } {
  const centre = mean(x, axes);
  const centred = sub(x, unreduce(centre, x.shape, axes));
  return { mean: centre, variance: mean(mul(centred, centred), axes), centred };
}

/** 1 / √(variance + ε). */
export function inverseDeviation(variance: NDArray, epsilon: number): NDArray {
  return rsqrt(add(variance, fillLike(variance, epsilon)));
}

export function checkEpsilon(where: string, epsilon: number): void {
  checkNumber(where, 'epsilon', epsilon, epsilon > 0 && Number.isFinite(epsilon), 'a finite number above 0');
}
