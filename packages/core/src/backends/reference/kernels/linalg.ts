import { sizeOf } from './row-major';
import type { Kernel, Shape, TypedArray } from './types';

// Every function here works in double precision on each matrix of a stack of matrices [..., rows, columns].

/**
 * The lower triangular L with L L^T = A, zero above the diagonal, for symmetric positive definite A [..., n, n], of
 * which only the lower triangle is read. Where A is not positive definite (a pivot is not positive), the lower triangle
 * of that L is NaN.
 */
export function choleskyKernel({ shape }: { shape: Shape }): Kernel {
  const n = shape.at(-1) as number;
  const size = n * n;
  const count = sizeOf(shape.slice(0, -2));
  return ([a], [out]) => {
    if (!a || !out) throw new TypeError('cholesky: expected one input and one output');
    for (let b = 0; b < count; b++) out.set(cholesky(matrixAt(a, b, size), n), b * size);
  };
}

/**
 * X [..., n, m] with op(A) X = B, for triangular A [..., n, n], where op(A) is A, or A^T if `transposeA`. `lower` says
 * which triangle of A (before transposing) is read; with `unitDiagonal` its diagonal is taken to be 1 and not read.
 * Inputs: a, b. A zero on the diagonal divides by zero: infinities or NaN.
 */
export function triangularSolveKernel(spec: {
  a: Shape;
  b: Shape;
  lower: boolean;
  transposeA: boolean;
  unitDiagonal: boolean;
}): Kernel {
  const { lower, transposeA, unitDiagonal } = spec;
  const n = spec.b.at(-2) as number;
  const m = spec.b.at(-1) as number;
  const count = sizeOf(spec.b.slice(0, -2));
  const downwards = lower !== transposeA;
  return ([aStack, bStack], [out]) => {
    if (!aStack || !bStack || !out) throw new TypeError('triangularSolve: expected two inputs and one output');
    for (let batch = 0; batch < count; batch++) {
      const a = matrixAt(aStack, batch, n * n);
      const x = matrixAt(bStack, batch, n * m);
      for (let step = 0; step < n; step++) {
        const i = downwards ? step : n - 1 - step;
        for (let solved = 0; solved < step; solved++) {
          const j = downwards ? solved : n - 1 - solved;
          const factor = a[transposeA ? j * n + i : i * n + j] as number;
          for (let c = 0; c < m; c++) x[i * m + c] = (x[i * m + c] as number) - factor * (x[j * m + c] as number);
        }
        if (unitDiagonal) continue;
        for (let c = 0; c < m; c++) x[i * m + c] = (x[i * m + c] as number) / (a[i * n + i] as number);
      }
      out.set(x, batch * n * m);
    }
  };
}

/**
 * Reduced QR of A [..., m, n]: outputs Q [..., m, k] with orthonormal columns and upper triangular R [..., k, n] with a
 * non-negative diagonal, k = min(m, n), Q R = A. Householder's method.
 */
export function qrKernel({ shape }: { shape: Shape }): Kernel {
  const m = shape.at(-2) as number;
  const n = shape.at(-1) as number;
  const k = Math.min(m, n);
  const count = sizeOf(shape.slice(0, -2));
  return ([a], [qOut, rOut]) => {
    if (!a || !qOut || !rOut) throw new TypeError('qr: expected one input and two outputs');
    for (let b = 0; b < count; b++) {
      const r = matrixAt(a, b, m * n);
      const reflections: Reflection[] = [];
      for (let j = 0; j < k; j++) {
        const reflection = reflectionOnto(column(r, n, j, j), j);
        reflections.push(reflection);
        reflect(reflection, r, n);
      }
      const q = productOf(reflections, m, k);
      for (let i = 0; i < k; i++) {
        r.fill(0, i * n, i * n + i);
        if (!((r[i * n + i] as number) < 0)) continue;
        for (let j = i; j < n; j++) r[i * n + j] = -(r[i * n + j] as number);
        for (let row = 0; row < m; row++) q[row * k + i] = -(q[row * k + i] as number);
      }
      qOut.set(q, b * m * k);
      rOut.set(r.subarray(0, k * n), b * k * n);
    }
  };
}

/**
 * Eigenvalues [..., n] in ascending order and orthonormal eigenvectors in the columns of V [..., n, n], A V = V diag,
 * for symmetric A [..., n, n], of which only the lower triangle is read. The entry of largest magnitude of each
 * eigenvector (the first, if several tie) is positive. A matrix that is not finite gives NaN.
 */
export function eighKernel({ shape }: { shape: Shape }): Kernel {
  const n = shape.at(-1) as number;
  const count = sizeOf(shape.slice(0, -2));
  return ([a], [values, vectors]) => {
    if (!a || !values || !vectors) throw new TypeError('eigh: expected one input and two outputs');
    for (let b = 0; b < count; b++) {
      const eigen = eigh(matrixAt(a, b, n * n), n);
      values.set(eigen.values, b * n);
      vectors.set(eigen.vectors, b * n * n);
    }
  };
}

/** A copy of one matrix of a stack. */
function matrixAt(stack: TypedArray, index: number, size: number): Float64Array {
  return new Float64Array(stack.subarray(index * size, (index + 1) * size));
}

function cholesky(a: Float64Array, n: number): Float64Array {
  const factor = new Float64Array(n * n);
  let definite = true;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = a[i * n + j] as number;
      for (let k = 0; k < j; k++) rest -= (factor[i * n + k] as number) * (factor[j * n + k] as number);
      factor[i * n + j] = i === j ? Math.sqrt(rest) : rest / (factor[j * n + j] as number);
      if (i === j && !(rest > 0)) definite = false;
    }
  }
  if (!definite) for (let i = 0; i < n; i++) factor.fill(Number.NaN, i * n, i * n + i + 1);
  return factor;
}

/**
 * The symmetric orthogonal matrix I - u u^T / h that takes some x to (image, 0, 0, ...). The entries of u and x before
 * `start` are zero and left out.
 */
type Reflection = { u: Float64Array; h: number; start: number; image: number };

/** Makes the reflection for x, which is overwritten and must not be empty. */
function reflectionOnto(x: Float64Array, start: number): Reflection {
  const scale = x.reduce((max, entry) => Math.max(max, Math.abs(entry)), 0);
  if (scale === 0) return { u: x, h: 1, start, image: 0 };
  let squares = 0;
  for (let i = 0; i < x.length; i++) {
    x[i] = (x[i] as number) / scale;
    squares += (x[i] as number) ** 2;
  }
  // u = x / |x| + sign(x0) e0, so that u^T u = 2 h and nothing cancels.
  const norm = Math.sqrt(squares);
  for (let i = 0; i < x.length; i++) x[i] = (x[i] as number) / norm;
  const first = x[0] as number;
  x[0] = first < 0 ? first - 1 : first + 1;
  return { u: x, h: 1 + Math.abs(first), start, image: (first < 0 ? norm : -norm) * scale };
}

/** Multiplies a matrix by a reflection from the left, in place. */
function reflect({ u, h, start }: Reflection, matrix: Float64Array, columns: number): void {
  const projection = new Float64Array(columns);
  for (let i = 0; i < u.length; i++) {
    const row = (start + i) * columns;
    const weight = (u[i] as number) / h;
    for (let c = 0; c < columns; c++) {
      projection[c] = (projection[c] as number) + weight * (matrix[row + c] as number);
    }
  }
  for (let i = 0; i < u.length; i++) {
    const row = (start + i) * columns;
    const weight = u[i] as number;
    for (let c = 0; c < columns; c++) {
      matrix[row + c] = (matrix[row + c] as number) - weight * (projection[c] as number);
    }
  }
}

/** The leading columns of the product of reflections, in order. */
function productOf(reflections: readonly Reflection[], rows: number, columns: number): Float64Array {
  const product = new Float64Array(rows * columns);
  for (let i = 0; i < columns; i++) product[i * columns + i] = 1;
  for (const reflection of reflections.toReversed()) reflect(reflection, product, columns);
  return product;
}

function eigh(a: Float64Array, n: number): { values: Float64Array; vectors: Float64Array } {
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a[j * n + i] = a[i * n + j] as number;
  const largest = a.reduce((max, entry) => Math.max(max, Math.abs(entry)), 0);
  if (!Number.isFinite(largest)) {
    return { values: new Float64Array(n).fill(Number.NaN), vectors: new Float64Array(n * n).fill(Number.NaN) };
  }
  // A power of 2, so that scaling loses no bit; it keeps squares in range.
  const scale = largest === 0 ? 1 : 2 ** Math.floor(Math.log2(largest));
  const { diagonal, offDiagonal, reflections } = tridiagonalise(
    a.map((entry) => entry / scale),
    n,
  );
  // Eigenvectors lie in the rows, so that the rotations run over contiguous memory.
  const rows = transpose(productOf(reflections, n, n), n);
  diagonalise(diagonal, offDiagonal, rows);

  const order = Array.from(diagonal.keys()).sort((i, j) => (diagonal[i] as number) - (diagonal[j] as number));
  const values = Float64Array.from(order, (i) => (diagonal[i] as number) * scale);
  const sorted = new Float64Array(n * n);
  order.forEach((from, to) => {
    const row = rows.subarray(from * n, from * n + n);
    const peak = row.reduce((best, entry) => (Math.abs(entry) > Math.abs(best) ? entry : best), 0);
    sorted.set(peak < 0 ? row.map((entry) => -entry) : row, to * n);
  });
  return { values, vectors: transpose(sorted, n) };
}

function transpose(matrix: Float64Array, n: number): Float64Array {
  return Float64Array.from(matrix, (_, at) => matrix[(at % n) * n + Math.floor(at / n)] as number);
}

/**
 * The tridiagonal T = Q^T A Q and the reflections whose product is Q, for symmetric A, which is overwritten.
 * Source: Golub and Van Loan, "Matrix computations", section 8.3.1.
 */
function tridiagonalise(a: Float64Array, n: number) {
  const reflections: Reflection[] = [];
  const offDiagonal = new Float64Array(Math.max(0, n - 1));
  for (let k = 0; k + 1 < n; k++) {
    const start = k + 1;
    const size = n - start;
    const reflection = reflectionOnto(column(a, n, k, start), start);
    const { u, h } = reflection;
    reflections.push(reflection);
    offDiagonal[k] = reflection.image;
    // (I - u u^T / h) A (I - u u^T / h) = A - u q^T - q u^T with p = A u / h and q = p - (u^T p / 2 h) u.
    const q = new Float64Array(size);
    let overlap = 0;
    for (let i = 0; i < size; i++) {
      const row = (start + i) * n + start;
      let product = 0;
      for (let j = 0; j < size; j++) product += (a[row + j] as number) * (u[j] as number);
      q[i] = product / h;
      overlap += (u[i] as number) * (q[i] as number);
    }
    for (let i = 0; i < size; i++) q[i] = (q[i] as number) - (overlap / (2 * h)) * (u[i] as number);
    for (let i = 0; i < size; i++) {
      const row = (start + i) * n + start;
      const ui = u[i] as number;
      const qi = q[i] as number;
      for (let j = 0; j < size; j++)
        a[row + j] = (a[row + j] as number) - (ui * (q[j] as number) + qi * (u[j] as number));
    }
  }
  const diagonal = Float64Array.from({ length: n }, (_, i) => a[i * n + i] as number);
  return { reflections, diagonal, offDiagonal };
}

/** Column j of a matrix of n columns, from row `start` down. */
function column(matrix: Float64Array, n: number, j: number, start: number): Float64Array {
  const rows = matrix.length / n;
  return Float64Array.from({ length: rows - start }, (_, i) => matrix[(start + i) * n + j] as number);
}

/**
 * Takes the tridiagonal matrix (d on the diagonal, e beside it, of magnitude about 1) to diagonal form in d, and the rows
 * v by the same rotations, by implicit QR steps on the last block that has not come apart.
 */
function diagonalise(d: Float64Array, e: Float64Array, v: Float64Array): void {
  const negligible = (k: number) => {
    const beside = Math.abs(d[k] as number) + Math.abs(d[k + 1] as number);
    // The absolute term is for zero diagonals, where e could shrink into the subnormal numbers and get stuck.
    return Math.abs(e[k] as number) <= Number.EPSILON * beside + 2 ** -960;
  };
  let steps = 0;
  let end = d.length - 1;
  while (end > 0) {
    let start = end;
    while (start > 0 && !negligible(start - 1)) start--;
    if (start === end) {
      end--;
      continue;
    }
    if (steps++ > 50 * d.length) throw new Error(`eigh: no convergence for a matrix of size ${d.length}.`);
    qrStep(d, e, v, start, end);
  }
}

/** One implicit QR step with Wilkinson's shift on rows start to end (Golub and Van Loan, algorithm 8.3.2). */
function qrStep(d: Float64Array, e: Float64Array, v: Float64Array, start: number, end: number): void {
  const n = d.length;
  const corner = e[end - 1] as number;
  const delta = ((d[end - 1] as number) - (d[end] as number)) / 2;
  const root = Math.hypot(delta, corner);
  const shift = (d[end] as number) - corner * (corner / (delta < 0 ? delta - root : delta + root));
  let x = (d[start] as number) - shift;
  let z = e[start] as number;
  for (let k = start; k < end; k++) {
    // The rotation of rows and columns k and k + 1 that takes (x, z) to (r, 0).
    const { c, s, r } = rotation(x, z);
    if (k > start) e[k - 1] = r;
    const above = d[k] as number;
    const below = d[k + 1] as number;
    const beside = e[k] as number;
    const change = s * (s * (below - above) + 2 * c * beside);
    d[k] = above + change;
    d[k + 1] = below - change;
    e[k] = c * s * (below - above) + (c - s) * (c + s) * beside;
    if (k + 1 < end) {
      x = e[k] as number;
      z = s * (e[k + 1] as number);
      e[k + 1] = c * (e[k + 1] as number);
    }
    for (let i = 0; i < n; i++) {
      const p = v[k * n + i] as number;
      const q = v[(k + 1) * n + i] as number;
      v[k * n + i] = c * p + s * q;
      v[(k + 1) * n + i] = c * q - s * p;
    }
  }
}

/** Cosine and sine of the rotation that takes (x, z) to (r, 0). */
function rotation(x: number, z: number): { c: number; s: number; r: number } {
  if (z === 0) return { c: 1, s: 0, r: x };
  // Squares of tiny numbers would underflow. Math.hypot is biased, and the error of V would grow with the rotations.
  const lift = Math.abs(x) + Math.abs(z) < 2 ** -400 ? 2 ** 500 : 1;
  const r = Math.sqrt((x * lift) ** 2 + (z * lift) ** 2);
  return { c: (x * lift) / r, s: (z * lift) / r, r: r / lift };
}
