import { showShape } from '../array/shape';
import { ArgumentError } from '../errors';

/** One whole number for all spatial axes, or one for each. */
export type PerAxis = number | readonly number[];

/**
 * What is added around the spatial axes: nothing ('valid'); as much as keeps ⌈size / stride⌉ positions, the odd one
 * behind ('same'); a number on all sides; or for each axis a number or a pair [in front, behind].
 */
export type Padding = 'valid' | 'same' | number | readonly (number | readonly [before: number, after: number])[];

/** One entry for each spatial axis. */
export interface SpatialGeometry {
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** From the first to the last tap of the kernel, dilation included. */
  readonly span: readonly number[];
  /** null stands for 'same', which depends on the size. */
  readonly padding: readonly (readonly [number, number])[] | null;
}

interface SpatialOptions {
  stride?: PerAxis;
  padding?: Padding;
  dilation?: PerAxis;
}

/** Positive whole numbers, one for each of `rank` axes. */
export function perAxis(where: string, name: string, value: PerAxis, rank: number): number[] {
  const list = typeof value === 'number' ? new Array<number>(rank).fill(value) : [...(value ?? [])];
  if (list.length !== rank || list.some((n) => !Number.isInteger(n) || n < 1)) {
    throw new ArgumentError(
      `${where}: expected ${name} to be a whole number of 1 or more, or ${rank} of them (one for each spatial axis), ` +
        `got ${Array.isArray(value) ? showShape(value) : String(value)}`,
    );
  }
  return list;
}

/** @param window - the size of the kernel or window, one entry for each spatial axis. */
export function spatialGeometry(where: string, window: readonly number[], options: SpatialOptions): SpatialGeometry {
  const rank = window.length;
  const dilation = perAxis(where, 'dilation', options.dilation ?? 1, rank);
  return {
    stride: perAxis(where, 'stride', options.stride ?? 1, rank),
    dilation,
    span: window.map((k, i) => (k - 1) * (dilation[i] as number) + 1),
    padding: explicitPadding(where, options.padding ?? 'valid', rank),
  };
}

function explicitPadding(where: string, padding: Padding, rank: number): [number, number][] | null {
  if (padding === 'same') return null;
  const sides = padding === 'valid' ? 0 : padding;
  const list = Array.isArray(sides) ? (sides as readonly unknown[]) : new Array<unknown>(rank).fill(sides);
  const pairs = list.map((side) => (Array.isArray(side) ? side : [side, side]) as [number, number]);
  const fine = pairs.every((pair) => pair.length === 2 && pair.every((n) => Number.isInteger(n) && n >= 0));
  if (list.length !== rank || !fine) {
    throw new ArgumentError(
      `${where}: expected padding to be 'valid', 'same', a whole number of 0 or more, or ${rank} numbers or pairs ` +
        `(one for each spatial axis), got ${JSON.stringify(padding)}`,
    );
  }
  return pairs;
}

/** Widths in front of and behind each spatial axis of the given sizes. */
export function paddingFor(
  sizes: readonly number[],
  { stride, span, padding }: SpatialGeometry,
): (readonly [number, number])[] {
  if (padding !== null) return [...padding];
  return sizes.map((n, i) => {
    const step = stride[i] as number;
    const total = Math.max(0, (Math.ceil(n / step) - 1) * step + (span[i] as number) - n);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  });
}
