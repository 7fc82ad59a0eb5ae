import type { NDArray } from '../array/ndarray';
import { range, showShape, showType } from '../array/shape';
import { ArgumentError, ShapeError } from '../errors';
import { asFloat } from '../numpy/operands';
import { add, div, maximum, minimum, mul, sub } from '../primitives/arithmetic';
import { broadcastInDim, fillLike } from '../primitives/broadcast';
import { cast } from '../primitives/cast';
import { iota } from '../primitives/iota';
import { reduceMax, sum } from '../primitives/reduce';
import { pad } from '../primitives/structure';
import { windows } from '../primitives/windows';
import { type Padding, type PerAxis, paddingFor, perAxis, type SpatialGeometry, spatialGeometry } from './spatial';

export interface PoolOptions {
  /** Size of the window. */
  window: PerAxis;
  /** Distance between windows. Default: the window, so that they do not overlap. */
  stride?: PerAxis;
  /** Widths around the spatial axes, smaller than the window. Default: 'valid' (none). */
  padding?: Padding;
}

interface Pooling {
  readonly x: NDArray;
  readonly window: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly (readonly [number, number])[];
}

function plan(where: string, input: NDArray, options: PoolOptions): Pooling {
  const x = asFloat(where, input);
  if (x.ndim < 3) throw new ShapeError(`${where}: expected x to be [n, channels, ...spatial], got ${showType(x)}`);
  const sizes = x.shape.slice(2);
  const window = perAxis(where, 'window', options.window, sizes.length);
  const geometry: SpatialGeometry = spatialGeometry(where, window, { ...options, stride: options.stride ?? window });
  const padding = paddingFor(sizes, geometry);
  window.forEach((size, i) => {
    const [before, after] = padding[i] as readonly [number, number];
    if (before >= size || after >= size) {
      throw new ArgumentError(
        `${where}: expected padding smaller than the window ${showShape(window)}, got ${showShape([before, after])} for ` +
          `axis ${i + 2}; a window would lie in the padding alone`,
      );
    }
    if (before + (sizes[i] as number) + after < size) {
      throw new ShapeError(
        `${where}: a window of ${showShape(window)} does not fit in axis ${i + 2} of x ${showType(x)} with padding ` +
          `${showShape([before, after])}; use a smaller window or padding 'same'`,
      );
    }
  });
  return { x, window, stride: geometry.stride, padding };
}

/** [n, channels, ...positions, ...window]. */
function slide({ x, window, stride, padding }: Pooling, outside: number): NDArray {
  const padded = pad(x, {
    low: [0, 0, ...padding.map(([before]) => before)],
    high: [0, 0, ...padding.map(([, after]) => after)],
    interior: x.shape.map(() => 0),
    value: outside,
  });
  return windows(padded, { axes: range(window.length, 2), size: window, stride, dilation: window.map(() => 1) });
}

/**
 * The largest element of each window; padding never wins. Elements that tie share the derivative equally.
 *
 * @param x - [n, channels, ...spatial].
 * @returns [n, channels, ...positions] with ⌊(size + padding − window) / stride⌋ + 1 positions on each axis.
 */
export function maxPool(x: NDArray, options: PoolOptions): NDArray {
  const pooling = plan('nn.functional.maxPool', x, options);
  return reduceMax(slide(pooling, Number.NEGATIVE_INFINITY), range(pooling.window.length, x.ndim));
}

/**
 * The mean of each window over the elements that are there: padding does not count, as in TensorFlow.
 *
 * @param x - [n, channels, ...spatial].
 * @returns [n, channels, ...positions] with ⌊(size + padding − window) / stride⌋ + 1 positions on each axis.
 */
export function avgPool(x: NDArray, options: PoolOptions): NDArray {
  const pooling = plan('nn.functional.avgPool', x, options);
  const total = sum(slide(pooling, 0), range(pooling.window.length, x.ndim));
  const counts = pooling.window.map((_, i) => countAlong(pooling, i, total));
  return div(total, counts.reduce(mul));
}

/** How many elements of each window lie inside x along spatial axis i, in the shape of the result. */
function countAlong({ x, window, stride, padding }: Pooling, i: number, like: NDArray): NDArray {
  const size = window[i] as number;
  const [before, after] = padding[i] as readonly [number, number];
  if (before === 0 && after === 0) return fillLike(like, size);
  const position = iota([like.shape[i + 2] as number], 0, 'int32');
  const constant = (value: number) => fillLike(position, value);
  const start = sub(mul(position, constant(stride[i] as number)), constant(before));
  const end = minimum(add(start, constant(size)), constant(x.shape[i + 2] as number));
  const count = sub(end, maximum(start, constant(0)));
  return broadcastInDim(cast(count, like.dtype), like.shape, [i + 2]);
}
