import { floats } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { type Layout, range, type ShapedType, sameShape, showType, sizeOf } from '../array/shape';
import { choleskyKernel, eighKernel, qrKernel, triangularSolveKernel } from '../backends/reference/kernels/linalg';
import * as native from '../backends/wasm/linalg-kernel';
import { smallestNative } from '../backends/wasm/native';
import { DifferentiationError, ShapeError } from '../errors';
import { bind, bind1 } from '../trace/bind';
import { add, div, mul, neg, sub } from './arithmetic';
import { broadcastInDim, broadcastUnbatched, fillLike } from './broadcast';
import { cast } from './cast';
import { equal, greater, greaterEqual } from './compare';
import { matmulBatched } from './dot';
import { checkAccepted, notLinear, sumTangents } from './elementwise';
import { iota } from './iota';
import { definePrimitive, isLinearOperand, type Primitive } from './primitive';
import { sum } from './reduce';
import { select } from './select';
import { transpose } from './transpose';

// Operations on matrices in the last two axes; axes in front are a batch.

function checkSquare(name: string, x: ShapedType): void {
  checkAccepted(name, x.dtype, floats);
  const [n, m] = x.shape.slice(-2);
  if (x.shape.length < 2 || n !== m) throw new ShapeError(`${name}: expected square matrices, got ${showType(x)}`);
}

/** Mᵀ. */
export function matrixTranspose(x: NDArray): NDArray {
  const n = x.ndim;
  return transpose(x, [...range(n - 2), n - 1, n - 2]);
}

/** Elements that satisfy a condition on (row, column), zeros elsewhere. */
function masked(x: NDArray, keep: (row: NDArray, column: NDArray) => NDArray): NDArray {
  const row = iota(x.shape, x.ndim - 2, 'int32');
  const column = iota(x.shape, x.ndim - 1, 'int32');
  return select(keep(row, column), x, fillLike(x, 0));
}

const lowerPart = (x: NDArray) => masked(x, greaterEqual);
const strictlyLower = (x: NDArray) => masked(x, greater);
const upperPart = (x: NDArray) => masked(x, (row, column) => greaterEqual(column, row));

/** The lower triangle with half the diagonal. */
function halvedLower(x: NDArray): NDArray {
  return mul(add(lowerPart(x), strictlyLower(x)), fillLike(x, 0.5));
}

/** All rules of mapping: the mapped axis is one more axis in front. */
function batchInFront<P extends object>(
  primitive: Primitive<P>,
  size: number,
  inputs: NDArray[],
  batched: boolean[],
  params: P,
) {
  const outputs = bind(primitive, broadcastUnbatched(size, inputs, batched), params);
  return { outputs, batched: outputs.map(() => true) };
}

export interface TriangularParams {
  lower: boolean;
  transposeA: boolean;
  unitDiagonal: boolean;
}

const trianglePrimitive: Primitive<TriangularParams> = /* @__PURE__ */ definePrimitive<TriangularParams>({
  name: 'triangularSolve',
  outputs(inputs) {
    const [a, b] = inputs as [ShapedType, ShapedType];
    checkSquare('triangularSolve', a);
    const fits =
      a.dtype === b.dtype && sameShape(a.shape.slice(0, -2), b.shape.slice(0, -2)) && a.shape.at(-1) === b.shape.at(-2);
    if (!fits) throw new ShapeError(`triangularSolve: ${showType(a)} does not fit ${showType(b)}`);
    return [{ shape: b.shape, dtype: b.dtype }];
  },
  jvp(inputs, [ta, tb], params) {
    const [a, b] = inputs as [NDArray, NDArray];
    const x = triangularSolve(a, b, params);
    if (!ta) return { outputs: [x], tangents: [tb ? triangularSolve(a, tb, params) : null] };
    const part = params.lower ? lowerPart(ta) : upperPart(ta);
    const active = params.unitDiagonal
      ? masked(part, (row, column) => greater(params.lower ? row : column, params.lower ? column : row))
      : part;
    const moved = neg(matmulBatched(params.transposeA ? matrixTranspose(active) : active, x));
    const right = sumTangents([tb ?? null, moved]) as NDArray;
    return { outputs: [x], tangents: [triangularSolve(a, right, params)] };
  },
  transpose([ct], [a, b], params) {
    if (!ct || !a || !b) return [null, null];
    if (isLinearOperand(a)) return notLinear('triangularSolve in its matrix')();
    return [null, triangularSolve(a, ct, { ...params, transposeA: !params.transposeA })];
  },
  batch: (size, inputs, batched, params) => batchInFront(trianglePrimitive, size, inputs, batched, params),
  lower: {
    reference: ({ inputs, params }) =>
      triangularSolveKernel({ a: inputs[0]?.shape ?? [], b: inputs[1]?.shape ?? [], ...params }),
    wasm(context) {
      const [a, b] = context.inputs as [Layout, Layout];
      const small = Math.min(sizeOf(a.shape), sizeOf(b.shape) ** 2) < smallestNative;
      return small ? trianglePrimitive.lower.reference(context) : native.triangularSolveKernel(b, context.params);
    },
  },
});

/** X with A X = B (or Aᵀ X = B) for a triangular A [..., n, n] and B [..., n, m]. The other triangle is not read. */
export function triangularSolve(a: NDArray, b: NDArray, params: TriangularParams): NDArray {
  return bind1(trianglePrimitive, [a, b], params);
}

const choleskyPrimitive: Primitive = /* @__PURE__ */ definePrimitive({
  name: 'cholesky',
  outputs([a]) {
    checkSquare('cholesky', a as ShapedType);
    return [{ shape: (a as ShapedType).shape, dtype: (a as ShapedType).dtype }];
  },
  // dL = L Φ(L⁻¹ dA L⁻ᵀ) with Φ the lower triangle and half the diagonal (Murray 2016).
  jvp([a], [t]) {
    const l = cholesky(a as NDArray);
    if (!t) return { outputs: [l], tangents: [null] };
    const solve = (b: NDArray) => triangularSolve(l, b, { lower: true, transposeA: false, unitDiagonal: false });
    const inner = matrixTranspose(solve(matrixTranspose(solve(t))));
    return { outputs: [l], tangents: [matmulBatched(l, halvedLower(inner))] };
  },
  transpose: notLinear('cholesky'),
  batch: (size, inputs, batched, params) => batchInFront(choleskyPrimitive, size, inputs, batched, params),
  lower: {
    reference: ({ inputs }) => choleskyKernel({ shape: inputs[0]?.shape ?? [] }),
    wasm(context) {
      const a = context.inputs[0] as Layout;
      const small = sizeOf(a.shape) < smallestNative;
      return small ? choleskyPrimitive.lower.reference(context) : native.choleskyKernel(a);
    },
  },
});

/** The lower triangular L with L Lᵀ = A; NaN where A is not positive definite. Tangents of A must be symmetric. */
export function cholesky(a: NDArray): NDArray {
  return bind1(choleskyPrimitive, [a], {});
}

const qrPrimitive: Primitive = /* @__PURE__ */ definePrimitive({
  name: 'qr',
  outputs([a]) {
    const { shape, dtype } = a as ShapedType;
    checkAccepted('qr', dtype, floats);
    if (shape.length < 2) throw new ShapeError(`qr: expected matrices, got ${showType(a as ShapedType)}`);
    const [m, n] = shape.slice(-2) as [number, number];
    const k = Math.min(m, n);
    const lead = shape.slice(0, -2);
    return [
      { shape: [...lead, m, k], dtype },
      { shape: [...lead, k, n], dtype },
    ];
  },
  // With S = Qᵀ dA R⁻¹ and Ω the skew matrix of its strictly lower part: dQ = Q (Ω − S) + dA R⁻¹, dR = (S − Ω) R.
  jvp([a], [t]) {
    const input = a as NDArray;
    const [q, r] = qr(input);
    if (!t) return { outputs: [q, r], tangents: [null, null] };
    const [m, n] = input.shape.slice(-2) as [number, number];
    if (m < n)
      throw new DifferentiationError(
        `qr: no derivative for a wide matrix, got ${showType(input)}; it needs rows >= columns`,
      );
    const solved = triangularSolve(r, matrixTranspose(t), { lower: false, transposeA: true, unitDiagonal: false });
    const scaled = matrixTranspose(solved);
    const s = matmulBatched(matrixTranspose(q), scaled);
    const low = strictlyLower(s);
    const skew = sub(low, matrixTranspose(low));
    return {
      outputs: [q, r],
      tangents: [add(matmulBatched(q, sub(skew, s)), scaled), matmulBatched(sub(s, skew), r)],
    };
  },
  transpose: notLinear('qr'),
  batch: (size, inputs, batched, params) => batchInFront(qrPrimitive, size, inputs, batched, params),
  lower: { reference: ({ inputs }) => qrKernel({ shape: inputs[0]?.shape ?? [] }) },
});

/** A = Q R with orthonormal columns in Q and an upper triangular R whose diagonal is not negative. */
export function qr(a: NDArray): [NDArray, NDArray] {
  return bind(qrPrimitive, [a], {}) as [NDArray, NDArray];
}

const eighPrimitive: Primitive = /* @__PURE__ */ definePrimitive({
  name: 'eigh',
  outputs([a]) {
    const { shape, dtype } = a as ShapedType;
    checkSquare('eigh', a as ShapedType);
    return [
      { shape: shape.slice(0, -1), dtype },
      { shape, dtype },
    ];
  },
  // With M = Vᵀ dA V: dw = diag M, dV = V (M ∘ F), F_ij = 1 / (w_j − w_i) off the diagonal. Equal eigenvalues: NaN.
  jvp([a], [t]) {
    const [w, v] = eigh(a as NDArray);
    if (!t) return { outputs: [w, v], tangents: [null, null] };
    const m = matmulBatched(matrixTranspose(v), matmulBatched(t, v));
    const lead = range(w.ndim - 1);
    const column = broadcastInDim(w, v.shape, [...lead, w.ndim]);
    const row = broadcastInDim(w, v.shape, [...lead, w.ndim - 1]);
    const diagonal = equal(iota(v.shape, v.ndim - 2, 'int32'), iota(v.shape, v.ndim - 1, 'int32'));
    const gap = select(diagonal, fillLike(v, 1), sub(column, row));
    const mixing = select(diagonal, fillLike(v, 0), div(m, gap));
    const onDiagonal = sum(mul(m, cast(diagonal, m.dtype)), [m.ndim - 1]);
    return { outputs: [w, v], tangents: [onDiagonal, matmulBatched(v, mixing)] };
  },
  transpose: notLinear('eigh'),
  batch: (size, inputs, batched, params) => batchInFront(eighPrimitive, size, inputs, batched, params),
  lower: { reference: ({ inputs }) => eighKernel({ shape: inputs[0]?.shape ?? [] }) },
});

/** Eigenvalues in ascending order and eigenvectors in columns of symmetric matrices. Tangents must be symmetric. */
export function eigh(a: NDArray): [values: NDArray, vectors: NDArray] {
  return bind(eighPrimitive, [a], {}) as [NDArray, NDArray];
}
