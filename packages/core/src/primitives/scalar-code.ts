import type { DType } from '../array/dtype';

/** Functions of `Math` that backends may call. */
export type MathFunction =
  | 'sin'
  | 'cos'
  | 'tan'
  | 'asin'
  | 'acos'
  | 'atan'
  | 'atan2'
  | 'sinh'
  | 'cosh'
  | 'tanh'
  | 'asinh'
  | 'acosh'
  | 'atanh'
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'pow';

/**
 * What one element of an elementwise operation computes, for backends that generate code. Values know their dtype; both
 * operands of an operation have the same.
 */
export interface ScalarCode<V extends { readonly dtype: DType }> {
  constant(value: number, dtype: DType): V;
  add(x: V, y: V): V;
  sub(x: V, y: V): V;
  mul(x: V, y: V): V;
  /** Whole numbers are divided towards zero, modulo 2³²; x / 0 is 0 for them. */
  div(x: V, y: V): V;
  neg(x: V): V;
  abs(x: V): V;
  /** NaN if either is NaN. */
  min(x: V, y: V): V;
  max(x: V, y: V): V;
  sqrt(x: V): V;
  floor(x: V): V;
  ceil(x: V): V;
  /** Halves to the even neighbour. */
  round(x: V): V;
  exp(x: V): V;
  expm1(x: V): V;
  log(x: V): V;
  log1p(x: V): V;
  tanh(x: V): V;
  sin(x: V): V;
  cos(x: V): V;
  tan(x: V): V;
  sinh(x: V): V;
  cosh(x: V): V;
  pow(x: V, y: V): V;
  erf(x: V): V;
  erfc(x: V): V;
  /** The following of float32 only. */
  erfInv(x: V): V;
  /** The remainder with the sign of x. */
  rem(x: V, y: V): V;
  /** Comparisons give bool. */
  equal(x: V, y: V): V;
  less(x: V, y: V): V;
  lessEqual(x: V, y: V): V;
  /** Bitwise, and logical for bool. */
  and(x: V, y: V): V;
  or(x: V, y: V): V;
  xor(x: V, y: V): V;
  not(x: V): V;
  /** As `shiftLeft` and `shiftRight` of the array operations. */
  shiftLeft(x: V, y: V): V;
  shiftRight(x: V, y: V): V;
  /** By 1 to 31 bits. */
  rotateLeft(x: V, bits: number): V;
  select(condition: V, x: V, y: V): V;
  cast(x: V, dtype: DType): V;
  /** A function of `Math`, in double precision; floats only. */
  call(name: MathFunction, ...operands: V[]): V;
}
