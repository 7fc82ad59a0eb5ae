import type { DType } from '../../src/array/dtype';
import type { NDArray } from '../../src/array/ndarray';
import type { Shape } from '../../src/array/shape';
import type { Tolerance } from '../support/matchers';
import type { Sampler } from '../support/sampler';
import { type Domain, values } from '../support/values';

/** An operation with all its parameters chosen, as a function of arrays. */
export interface Instance {
  /** What was chosen; shown when a law fails. */
  readonly label: string;
  apply(xs: NDArray[]): NDArray[];
  /** Arguments; the same shapes and dtypes for every seed. */
  draw(seed: number): NDArray[];
}

export interface Context {
  readonly s: Sampler;
  /** Of the operands that are not tied to a dtype. */
  readonly dtype: DType;
  /** Numbers to mix in although the operation may not be smooth there. */
  readonly odd: readonly number[];
}

export interface Case {
  /** Names of the primitives that it exercises directly. */
  readonly primitives: readonly string[];
  /** Default: the first primitive. */
  readonly name?: string;
  /** Default: float64 and float32. */
  readonly dtypes?: readonly DType[];
  build(context: Context): Instance;
  /** Groups of argument positions in which the operation is linear together, the others fixed. */
  readonly linear?: readonly (readonly number[])[];
  /**
   * What the derivative in a direction t is compared with: finite differences ('smooth'), the function at t ('linear'),
   * or zero ('stopped'). Default: 'smooth'.
   */
  readonly derivative?: 'smooth' | 'linear' | 'stopped';
  /** The function has no forward mode. */
  readonly reverseOnly?: boolean;
  /** Values to mix in where the operation need not be smooth. Default: NaN, infinities, signed zeros, huge and tiny numbers. */
  readonly odd?: readonly number[];
  /** Also try shapes of hundreds of elements, for which backends generate code. */
  readonly large?: boolean;
  /** How much backends, and layouts of the operands, may change. Default: no bit. */
  readonly rounding?: { readonly float32: Tolerance; readonly float64?: Tolerance };
}

export type Argument = (seed: number) => NDArray;

export function instance(
  label: string,
  args: readonly Argument[],
  apply: (xs: NDArray[]) => NDArray | NDArray[],
): Instance {
  return {
    label,
    apply: (xs) => [apply(xs)].flat(),
    draw: (seed) => args.map((draw, i) => draw(seed + 7919 * i)),
  };
}

/** Any values of a shape: of the domain, and the odd ones of the context. */
export function operand({ dtype, odd }: Context, shape: Shape, domain?: Domain): Argument {
  return (seed) => values(shape, dtype, seed, domain ? { domain, odd } : { odd });
}

/** Sums of products in another order or precision. */
export const sums = { float32: { rtol: 1e-4, atol: 1e-4 }, float64: { rtol: 1e-11, atol: 1e-11 } } as const;
