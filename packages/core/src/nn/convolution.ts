import { isFloating } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { showShape, showType } from '../array/shape';
import { ShapeError } from '../errors';
import { resultDType } from '../numpy/operands';
import { cast } from '../primitives/cast';
import * as primitives from '../primitives/convolution';
import { windowCount } from '../primitives/windows';
import { checkPositiveInteger } from './arguments';
import { type Padding, type PerAxis, paddingFor, spatialGeometry } from './spatial';

export interface ConvOptions {
  /** Distance between positions of the kernel. Default: 1. */
  stride?: PerAxis;
  /** Zeros around the spatial axes. Default: 'valid' (none). */
  padding?: Padding;
  /** Distance between taps of the kernel. Default: 1. */
  dilation?: PerAxis;
  /** Channels fall into this many groups that do not mix; as many as channels is a depthwise convolution. Default: 1. */
  groups?: number;
}

function checkOperands(where: string, x: NDArray, w: NDArray, weightAxes: string): void {
  if (x.ndim !== 3 && x.ndim !== 4) {
    throw new ShapeError(
      `${where}: expected x to be [n, channels, width] or [n, channels, height, width], got ${showType(x)}; ` +
        'add missing axes with reshape',
    );
  }
  if (w.ndim !== x.ndim || w.shape.slice(2).includes(0)) {
    throw new ShapeError(
      `${where}: expected w to be [${weightAxes}, ${x.ndim === 3 ? 'width' : 'height, width'}] for x ${showType(x)}, ` +
        `got ${showType(w)}`,
    );
  }
}

function checkGroups(where: string, x: NDArray, groups: number): void {
  checkPositiveInteger(where, 'groups', groups);
  if ((x.shape[1] as number) % groups === 0) return;
  throw new ShapeError(
    `${where}: the ${x.shape[1]} channels of x ${showType(x)} do not fall into ${groups} equal groups`,
  );
}

function inOneDType(where: string, x: NDArray, w: NDArray): [NDArray, NDArray] {
  const common = resultDType(where, [x, w]);
  const dtype = isFloating(common) ? common : 'float32';
  return [cast(x, dtype), cast(w, dtype)];
}

/**
 * Convolution over one or two spatial axes: y[n, o, p] = Σ over c, k of x[n, c, stride · p + dilation · k − padding] ·
 * w[o, c, k]. The kernel is not flipped.
 *
 * @param x - [n, in, ...spatial].
 * @param w - [out, in / groups, ...kernel].
 * @returns [n, out, ...positions] with ⌊(size + padding − dilation · (kernel − 1) − 1) / stride⌋ + 1 positions on each axis.
 * @throws ShapeError where channels or sizes do not fit; ArgumentError for unusable options.
 */
export function conv(x: NDArray, w: NDArray, options: ConvOptions = {}): NDArray {
  const where = 'nn.functional.conv';
  const { groups = 1 } = options;
  checkOperands(where, x, w, 'out, in / groups');
  const [n, channels, ...sizes] = x.shape as [number, number, ...number[]];
  const [filters, perGroup, ...kernel] = w.shape as [number, number, ...number[]];
  checkGroups(where, x, groups);
  if (perGroup * groups !== channels || filters % groups !== 0) {
    const out = groups === 1 ? 'out' : `a multiple of ${groups}`;
    throw new ShapeError(
      `${where}: expected w to be [${out}, ${channels / groups}, ...kernel] for x ${showType(x)} with groups ${groups}, ` +
        `got ${showType(w)}`,
    );
  }
  const geometry = spatialGeometry(where, kernel, options);
  const padding = paddingFor(sizes, geometry);
  const { stride, dilation, span } = geometry;
  const positions = sizes.map((size, i) => {
    const [before, after] = padding[i] as readonly [number, number];
    const count = windowCount(before + size + after, kernel[i] as number, stride[i] as number, dilation[i] as number);
    if (count > 0) return count;
    throw new ShapeError(
      `${where}: the kernel ${showShape(kernel)} spans ${span[i]} elements, more than axis ${i + 2} of x ${showType(x)} has ` +
        `with padding ${showShape([before, after])}; pad more or use a smaller kernel`,
    );
  });
  const [a, b] = inOneDType(where, x, w);
  return primitives.conv(a, b, [n, filters, ...positions], { stride, padding, dilation, groups });
}

/**
 * The transpose of `conv` as a linear map: takes what `conv` with the same weights and options gives back to the size
 * that it came from. Of the sizes that `conv` takes there, the smallest one; stride · size with padding 'same'. Larger
 * ones come from a pair of paddings with less behind than in front.
 *
 * @param x - [n, in, ...spatial].
 * @param w - [in, out / groups, ...kernel]: the weights of the `conv` that is transposed, so `in` counts its outputs.
 * @returns [n, out, ...sizes] with (spatial − 1) · stride + dilation · (kernel − 1) + 1 − padding elements on each axis.
 * @throws ShapeError where channels or sizes do not fit; ArgumentError for unusable options.
 */
export function convTranspose(x: NDArray, w: NDArray, options: ConvOptions = {}): NDArray {
  const where = 'nn.functional.convTranspose';
  const { groups = 1 } = options;
  checkOperands(where, x, w, 'in, out / groups');
  const [n, channels, ...positions] = x.shape as [number, number, ...number[]];
  const [filters, perGroup, ...kernel] = w.shape as [number, number, ...number[]];
  checkGroups(where, x, groups);
  if (filters !== channels) {
    throw new ShapeError(
      `${where}: expected w to be [${channels}, out / groups, ...kernel] for x ${showType(x)}, got ${showType(w)}`,
    );
  }
  const { padding: explicit, ...geometry } = spatialGeometry(where, kernel, options);
  const { stride, dilation, span } = geometry;
  const sizes = positions.map((count, i) => {
    if (explicit === null) return count * (stride[i] as number);
    const [before, after] = explicit[i] as [number, number];
    const size = (count - 1) * (stride[i] as number) + (span[i] as number) - before - after;
    if (size > 0) return size;
    throw new ShapeError(
      `${where}: padding ${showShape([before, after])} takes away all of axis ${i + 2}: ${count} positions of a ` +
        `kernel that spans ${span[i]} cover ${size + before + after} elements`,
    );
  });
  const padding = paddingFor(sizes, { ...geometry, padding: explicit });
  const [a, b] = inOneDType(where, x, w);
  return primitives.convInputTranspose(a, b, [n, perGroup * groups, ...sizes], { stride, padding, dilation, groups });
}
