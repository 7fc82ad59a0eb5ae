import { allocate, type DType, isFloating } from '../../src/array/dtype';
import { NDArray } from '../../src/array/ndarray';
import { type Shape, sizeOf } from '../../src/array/shape';

/** Numbers in [0, 1), always the same for a seed (Mulberry32). */
function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Maps numbers in [0, 1) to the numbers that an operation is tested on. */
export type Domain = (u: number) => number;

export function between(low: number, high: number): Domain {
  return (u) => low + (high - low) * u;
}

/** ±[low, high): both signs, away from 0. */
export function awayFromZero(low: number, high: number): Domain {
  return (u) => (u < 0.5 ? -(low + (high - low) * 2 * u) : low + (high - low) * (2 * u - 1));
}

/** Away from whole numbers and from halves, where rounding jumps. */
export function awayFromSteps(u: number): number {
  const v = u * 8;
  const whole = Math.floor(v);
  return whole - 4 + 0.1 + 0.3 * (v - whole) + (whole % 2 === 0 ? 0 : 0.5);
}

/** Numbers whose sums and products do not depend on the order of operations. */
export const special: readonly number[] = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 1];
export const extreme: readonly number[] = [...special, 1e30, -1e-30, 3e38, 5e9, -5e9, 1e-40];

export interface ValueOptions {
  /** Of floats. Default: from −2 to 2. */
  domain?: Domain;
  /** Floats to mix in, such as NaN and infinities. */
  odd?: readonly number[];
}

/** An array of reproducible values: floats of the domain, small integers, or booleans. */
export function values(shape: Shape, dtype: DType, seed: number, options: ValueOptions = {}): NDArray {
  const next = uniforms(seed);
  const { domain = between(-2, 2), odd = [] } = options;
  const data = allocate(dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) {
    const u = next();
    if (isFloating(dtype)) {
      data[i] = odd.length > 0 && next() < 0.2 ? (odd[Math.floor(u * odd.length)] as number) : domain(u);
    } else if (dtype === 'bool') data[i] = u < 0.5 ? 0 : 1;
    else
      data[i] = Math.floor(u * 19) - (dtype === 'int32' ? 9 : 0) + (odd.length > 0 && next() < 0.1 ? 2 ** 31 - 3 : 0);
  }
  return NDArray.fromStorage(data, { shape: [...shape], dtype });
}

/** Floats that differ from one another by at least 0.2, in random order. */
export function distinct(shape: Shape, dtype: DType, seed: number): NDArray {
  const next = uniforms(seed);
  const data = allocate(dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) {
    const j = Math.floor(next() * (i + 1));
    data[i] = data[j] as number;
    data[j] = (i - data.length / 2) * (isFloating(dtype) ? 0.3 : 1) + (isFloating(dtype) ? 0.05 * next() : 0);
  }
  return NDArray.fromStorage(data, { shape: [...shape], dtype });
}

/** n different whole numbers, from `first` on. */
export function positions(shape: Shape, n: number, seed: number, first = 0): NDArray {
  const next = uniforms(seed);
  const data = allocate('int32', sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = first + Math.floor(next() * n);
  return NDArray.fromStorage(data, { shape: [...shape], dtype: 'int32' });
}
