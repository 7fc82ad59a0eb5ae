import type { ArrayLike, NDArray } from '../array/ndarray';
import { showShape } from '../array/shape';
import { ArgumentError, ShapeError } from '../errors';
import { abs, max } from '../numpy';
import { asFloat } from '../numpy/operands';
import { type Axes, type ReduceOptions, sum } from '../numpy/reductions';
import { add, mul } from '../primitives/arithmetic';
import { fillLike } from '../primitives/broadcast';
import { sqrt } from '../primitives/elementary';
import * as primitives from '../primitives/linalg';
import { reshape } from '../primitives/reshape';

function symmetrise(where: string, a: ArrayLike): NDArray {
  const x = asFloat(where, a);
  if (x.ndim < 2 || x.shape.at(-1) !== x.shape.at(-2)) {
    throw new ShapeError(`${where}: expected square matrices, got shape ${showShape(x.shape)}`);
  }
  return mul(add(x, primitives.matrixTranspose(x)), fillLike(x, 0.5));
}

/** The lower triangular L with L Lᵀ = (A + Aᵀ) / 2, for matrices [..., n, n]; NaN where that is not positive definite. */
export function cholesky(a: ArrayLike): NDArray {
  return primitives.cholesky(symmetrise('cholesky', a));
}

export interface TriangularOptions {
  /** Which triangle of A is read. Default: true, the lower one. */
  lower?: boolean;
  /** Solve with Aᵀ. Default: false. */
  transposeA?: boolean;
  /** Take the diagonal of A as ones. Default: false. */
  unitDiagonal?: boolean;
}

/** X with A X = B for a triangular A [..., n, n] and B [..., n, m] or [n]. */
export function triangularSolve(a: ArrayLike, b: ArrayLike, options: TriangularOptions = {}): NDArray {
  const matrix = asFloat('triangularSolve', a);
  const right = asFloat('triangularSolve', b);
  const params = {
    lower: options.lower ?? true,
    transposeA: options.transposeA ?? false,
    unitDiagonal: options.unitDiagonal ?? false,
  };
  if (right.ndim !== 1) return primitives.triangularSolve(matrix, right, params);
  return reshape(primitives.triangularSolve(matrix, reshape(right, [right.size, 1]), params), right.shape);
}

/** A = Q R for matrices [..., m, n]: Q [..., m, k] with orthonormal columns, R [..., k, n], k = min(m, n). */
export function qr(a: ArrayLike): [q: NDArray, r: NDArray] {
  return primitives.qr(asFloat('qr', a));
}

/** Eigenvalues [..., n] in ascending order and eigenvectors [..., n, n] in columns, of (A + Aᵀ) / 2. */
export function eigh(a: ArrayLike): [values: NDArray, vectors: NDArray] {
  return primitives.eigh(symmetrise('eigh', a));
}

/** X with A X = B for a symmetric positive definite A [..., n, n] and B [..., n, m] or [n], by Cholesky. */
export function solvePositiveDefinite(a: ArrayLike, b: ArrayLike): NDArray {
  const l = cholesky(a);
  return triangularSolve(l, triangularSolve(l, b), { transposeA: true });
}

export interface NormOptions extends ReduceOptions {
  /** 1: sum of magnitudes. 2: Euclidean. Infinity: largest magnitude. Default: 2. */
  order?: number;
}

/** Norm of vectors along axes (of all elements without them). The derivative of the Euclidean norm at 0 is NaN. */
export function norm(x: ArrayLike, axis?: Axes, options: NormOptions = {}): NDArray {
  const a = asFloat('norm', x);
  const order = options.order ?? 2;
  if (order === 1) return sum(abs(a), axis, options);
  if (order === Number.POSITIVE_INFINITY) return max(abs(a), axis, options);
  if (order === 2) return sqrt(sum(mul(a, a), axis, options));
  throw new ArgumentError(`norm: expected order 1, 2 or Infinity, got ${order}`);
}
