import type { NDArray } from '../array/ndarray';
import { dropAxes, range, sizeOf } from '../array/shape';
import { mul } from './arithmetic';
import { reshape } from './reshape';
import { concatenate, pad, slice } from './structure';
import { transpose } from './transpose';

/** The product over axes as a tree of multiplications: the same value as `prod`, built from differentiable operations. */
export function prodByHalves(x: NDArray, axes: readonly number[]): NDArray {
  const keptAxes = range(x.ndim).filter((a) => !axes.includes(a));
  const keptShape = dropAxes(x.shape, axes);
  let n = sizeOf(axes.map((a) => x.shape[a] as number));
  let rows = reshape(transpose(x, [...axes, ...keptAxes]), [n, ...keptShape]);
  if (n === 0) return reshape(padRows(rows, 1), keptShape);
  while (n > 1) {
    if (n % 2 === 1) rows = padRows(rows, ++n);
    n /= 2;
    rows = mul(takeRows(rows, 0, n), takeRows(rows, n, 2 * n));
  }
  return reshape(rows, keptShape);
}

/**
 * All prefixes combined with an associative operation, in log₂ n steps (Hillis and Steele):
 * out[i] = x[0] ∘ x[1] ∘ ... ∘ x[i] along an axis.
 */
export function associativeScan(combine: (a: NDArray, b: NDArray) => NDArray, x: NDArray, axis: number): NDArray {
  const n = x.shape[axis] as number;
  let result = x;
  for (let distance = 1; distance < n; distance *= 2) {
    const head = slice1(result, axis, 0, distance);
    const combined = combine(slice1(result, axis, 0, n - distance), slice1(result, axis, distance, n));
    result = concatenate([head, combined], axis);
  }
  return result;
}

function slice1(x: NDArray, axis: number, start: number, stop: number): NDArray {
  return slice(
    x,
    x.shape.map((_, a) => (a === axis ? start : 0)),
    x.shape.map((n, a) => (a === axis ? stop : n)),
  );
}

function takeRows(x: NDArray, start: number, stop: number): NDArray {
  return slice1(x, 0, start, stop);
}

function padRows(x: NDArray, n: number): NDArray {
  const none = x.shape.map(() => 0);
  return pad(x, { low: none, high: [n - (x.shape[0] as number), ...none.slice(1)], interior: none, value: 1 });
}
