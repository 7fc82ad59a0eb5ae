import type { ArrayLike, NDArray } from '../array/ndarray';
import { checkAxes, checkAxis, sizeOf } from '../array/shape';
import { abs, add, div, maximum, minimum, mul, sub } from '../primitives/arithmetic';
import { fillLike } from '../primitives/broadcast';
import { cast, stopGradient } from '../primitives/cast';
import { less, notEqual } from '../primitives/compare';
import * as cumulative from '../primitives/cumulative';
import { exp, log, sqrt } from '../primitives/elementary';
import * as primitives from '../primitives/reduce';
import { reshape } from '../primitives/reshape';
import { associativeScan } from '../primitives/scan-products';
import { select } from '../primitives/select';
import { asArray, asFloat } from './operands';

/** One axis or several; undefined means all. Negative axes count from the end. */
export type Axes = number | readonly number[] | undefined;

export interface ReduceOptions {
  /** Keep reduced axes with size 1, so that the result broadcasts against the input. Default: false. */
  keepDims?: boolean;
}

function reduceWith(
  where: string,
  x: NDArray,
  axis: Axes,
  options: ReduceOptions | undefined,
  op: (x: NDArray, axes: readonly number[]) => NDArray,
): NDArray {
  const axes = checkAxes(where, axis, x.ndim);
  const y = op(x, axes);
  return options?.keepDims ? keep(y, x.shape, axes) : y;
}

function keep(y: NDArray, shape: readonly number[], axes: readonly number[]): NDArray {
  return reshape(
    y,
    shape.map((n, i) => (axes.includes(i) ? 1 : n)),
  );
}

function numeric(where: string, x: ArrayLike): NDArray {
  const a = asArray(where, x);
  return a.dtype === 'bool' ? cast(a, 'int32') : a;
}

/** Sum over axes; bool counts as int32. Sums of float32 are taken in double precision by the reference backend. */
export function sum(x: ArrayLike, axis?: Axes, options?: ReduceOptions): NDArray {
  return reduceWith('sum', numeric('sum', x), axis, options, primitives.sum);
}

/** Product over axes; bool counts as int32. */
export function prod(x: ArrayLike, axis?: Axes, options?: ReduceOptions): NDArray {
  return reduceWith('prod', numeric('prod', x), axis, options, primitives.prod);
}

/** The largest element over axes; NaN if one is NaN. The derivative is shared among ties. */
export function max(x: ArrayLike, axis?: Axes, options?: ReduceOptions): NDArray {
  return reduceWith('max', asArray('max', x), axis, options, primitives.reduceMax);
}

/** The smallest element over axes; NaN if one is NaN. The derivative is shared among ties. */
export function min(x: ArrayLike, axis?: Axes, options?: ReduceOptions): NDArray {
  return reduceWith('min', asArray('min', x), axis, options, primitives.reduceMin);
}

/** True where an element over axes is true (not 0). */
export function any(x: ArrayLike, axis?: Axes, options?: ReduceOptions): NDArray {
  return reduceBools('any', x, axis, options, primitives.reduceMax, 0);
}

/** True where all elements over axes are true (not 0). */
export function all(x: ArrayLike, axis?: Axes, options?: ReduceOptions): NDArray {
  return reduceBools('all', x, axis, options, primitives.reduceMin, 1);
}

function reduceBools(
  where: string,
  x: ArrayLike,
  axis: Axes,
  options: ReduceOptions | undefined,
  op: typeof primitives.sum,
  ofNothing: number,
) {
  const a = asArray(where, x);
  const truth = a.dtype === 'bool' ? a : notEqual(a, fillLike(a, 0));
  return reduceWith(where, truth, axis, options, (v, axes) => {
    if (v.size > 0) return op(v, axes);
    const shape = v.shape.filter((_, i) => !axes.includes(i));
    return fillLike({ shape, dtype: 'bool' }, ofNothing);
  });
}

/** Arithmetic mean over axes, as a float; NaN of nothing. */
export function mean(x: ArrayLike, axis?: Axes, options?: ReduceOptions): NDArray {
  return reduceWith('mean', asFloat('mean', x), axis, options, (v, axes) => {
    const total = primitives.sum(v, axes);
    return div(total, fillLike(total, sizeOf(axes.map((a) => v.shape[a] as number))));
  });
}

export interface VarianceOptions extends ReduceOptions {
  /** Divide by n − ddof. Default: 0. */
  ddof?: number;
}

/** Variance over axes: the mean square distance from the mean. */
export function variance(x: ArrayLike, axis?: Axes, options?: VarianceOptions): NDArray {
  const ddof = options?.ddof ?? 0;
  return reduceWith('variance', asFloat('variance', x), axis, options, (v, axes) => {
    const count = sizeOf(axes.map((a) => v.shape[a] as number));
    const centred = sub(v, primitives.unreduce(mean(v, axes), v.shape, axes));
    const total = primitives.sum(mul(centred, centred), axes);
    return div(total, fillLike(total, Math.max(0, count - ddof)));
  });
}

/** Standard deviation over axes. */
export function std(x: ArrayLike, axis?: Axes, options?: VarianceOptions): NDArray {
  return sqrt(variance(x, axis, options));
}

/** Position of the largest element along an axis (of the flattened array without one), as int32; ties: the first. */
export function argmax(x: ArrayLike, axis?: number): NDArray {
  return argExtremum('argmax', x, axis, primitives.argmax);
}

/** Position of the smallest element along an axis (of the flattened array without one), as int32; ties: the first. */
export function argmin(x: ArrayLike, axis?: number): NDArray {
  return argExtremum('argmin', x, axis, primitives.argmin);
}

function argExtremum(where: string, x: ArrayLike, axis: number | undefined, op: typeof primitives.argmax): NDArray {
  const a = asArray(where, x);
  return axis === undefined ? op(reshape(a, [a.size]), 0) : op(a, checkAxis(where, axis, a.ndim));
}

/** log Σ eˣ over axes, without overflow. */
export function logsumexp(x: ArrayLike, axis?: Axes, options?: ReduceOptions): NDArray {
  return reduceWith('logsumexp', asFloat('logsumexp', x), axis, options, (v, axes) => {
    const largest = stopGradient(primitives.reduceMax(v, axes));
    // An infinite maximum would turn into ∞ − ∞.
    const finite = less(abs(largest), fillLike(largest, Number.POSITIVE_INFINITY));
    const shift = select(finite, largest, fillLike(largest, 0));
    const total = primitives.sum(exp(sub(v, primitives.unreduce(shift, v.shape, axes))), axes);
    return add(log(total), shift);
  });
}

function scanAxis(where: string, x: NDArray, axis: number | undefined): [NDArray, number] {
  return axis === undefined ? [reshape(x, [x.size]), 0] : [x, checkAxis(where, axis, x.ndim)];
}

export interface CumulativeOptions {
  /** From the end to the start. Default: false. */
  reverse?: boolean;
}

/** Sums of all prefixes along an axis (of the flattened array without one). */
export function cumsum(x: ArrayLike, axis?: number, options: CumulativeOptions = {}): NDArray {
  const [a, along] = scanAxis('cumsum', numeric('cumsum', x), axis);
  return cumulative.cumsum(a, along, options.reverse ?? false);
}

/** Products of all prefixes along an axis (of the flattened array without one). */
export function cumprod(x: ArrayLike, axis?: number): NDArray {
  return associativeScan(mul, ...scanAxis('cumprod', numeric('cumprod', x), axis));
}

/** Largest element so far along an axis (of the flattened array without one). */
export function cummax(x: ArrayLike, axis?: number): NDArray {
  return associativeScan(maximum, ...scanAxis('cummax', asArray('cummax', x), axis));
}

/** Smallest element so far along an axis (of the flattened array without one). */
export function cummin(x: ArrayLike, axis?: number): NDArray {
  return associativeScan(minimum, ...scanAxis('cummin', asArray('cummin', x), axis));
}
