// Matrix products: blocks of the operands are copied to scratch memory, packed into panels there and multiplied; the
// blocks of the result are copied back. (The order of the loops is that of Goto and van de Geijn, "Anatomy of
// high-performance matrix multiplication", 2008.)

import { ArgumentError } from '../../errors';
import { ScratchLayout, scratchMemory } from './memory';
import {
  blockLimits,
  copySpan,
  type Floats,
  MatrixOperand,
  multiplyBlocks,
  type ProductRange,
  Stage,
  spareBytes,
} from './operand';
import { type FloatType, panelKernels } from './panels';

/** Where a matrix lies in a buffer, in elements. Strides may be zero or negative. */
export interface MatrixLayout {
  offset: number;
  batchStride: number;
  rowStride: number;
  colStride: number;
}

export interface GemmSpec {
  dtype: FloatType;
  batch: number;
  m: number;
  n: number;
  k: number;
  /** m x k */
  a: MatrixLayout;
  /** k x n */
  b: MatrixLayout;
}

/** Must not write where it reads: `out` shares no memory with `a` or `b`. */
export type Gemm = (a: Floats, b: Floats, out: Floats) => void;

/** Rows of the result that scratch memory holds at a time. */
const resultLimit = 1024;
/** What a product with a vector copies at a time: so many elements of the matrix, in runs of so many. */
const vectorBlock = { elements: 2 ** 15, run: 4096 };
/** Up to so many multiplications per batch, plain loops are faster than copying. */
const tinyProduct = 128;

/**
 * out[i] = a[i] b[i] for each i of the batch; `out` is dense and row-major, [batch, m, n].
 * |error| <= k eps (|a| |b|) with eps = 2^-23 or 2^-52; the bits depend on the spec and the numbers alone.
 *
 * @throws ArgumentError for sizes or layouts that cannot be, and when run for buffers of another dtype or too short.
 */
export function gemm(spec: GemmSpec): Gemm {
  const { dtype, batch, m, n, k } = spec;
  for (const [name, size] of Object.entries({ batch, m, n, k })) {
    if (Number.isSafeInteger(size) && size >= 0) continue;
    throw new ArgumentError(`gemm: expected ${name} to be a non-negative integer, got ${size}`);
  }
  const aLength = extent('a', spec.a, [batch, m, k]);
  const bLength = extent('b', spec.b, [batch, k, n]);
  const multiply = multiplication(spec);
  return (a, b, out) => {
    checkBuffer('gemm', 'a', a, dtype, aLength);
    checkBuffer('gemm', 'b', b, dtype, bLength);
    checkBuffer('gemm', 'out', out, dtype, batch * m * n);
    multiply(a, b, out);
  };
}

/** How many elements a buffer needs to hold the matrices. */
function extent(name: string, layout: MatrixLayout, sizes: readonly number[]): number {
  if (sizes.includes(0)) return 0;
  const strides = [layout.batchStride, layout.rowStride, layout.colStride];
  const reaches = strides.map((stride, axis) => stride * ((sizes[axis] as number) - 1));
  const first = reaches.reduce((sum, reach) => sum + Math.min(0, reach), layout.offset);
  const last = reaches.reduce((sum, reach) => sum + Math.max(0, reach), layout.offset);
  if (Number.isSafeInteger(first) && Number.isSafeInteger(last) && first >= 0) return last + 1;
  throw new ArgumentError(
    `gemm: expected the layout of ${name} to stay inside its buffer, got elements ${first} to ${last} of [${sizes.join(', ')}]`,
  );
}

export function checkBuffer(where: string, name: string, buffer: Floats, dtype: FloatType, length: number): void {
  const expected = dtype === 'float32' ? Float32Array : Float64Array;
  if (buffer instanceof expected && buffer.length >= length) return;
  throw new ArgumentError(
    `${where}: expected ${name} to be a ${expected.name} of at least ${length} elements, ` +
      `got a ${buffer.constructor.name} of ${buffer.length}`,
  );
}

function multiplication(spec: GemmSpec): Gemm {
  const { batch, m, n, k, a, b } = spec;
  const size = batch * m * n;
  if (size === 0 || k === 0) return (_a, _b, out) => void out.fill(0, 0, size);
  if (n === 1 && m > 1) {
    // (a b)^T = b^T a^T, and a vector is its own transpose in memory.
    const transposed = multiplication({ ...spec, m: n, n: m, a: transposeOf(b), b: transposeOf(a) });
    return (x, y, out) => transposed(y, x, out);
  }
  if (batch > 1) {
    const rowsContinue = m === 1 || a.batchStride === m * a.rowStride;
    if (b.batchStride === 0 && rowsContinue) {
      const rowStride = m === 1 ? a.batchStride : a.rowStride;
      return multiplication({ ...spec, batch: 1, m: batch * m, a: { ...a, rowStride, batchStride: 0 } });
    }
    const columnsContinue = n === 1 || b.batchStride === n * b.colStride;
    if (a.batchStride === 0 && m === 1 && columnsContinue) {
      const colStride = n === 1 ? b.batchStride : b.colStride;
      return multiplication({ ...spec, batch: 1, n: batch * n, b: { ...b, colStride, batchStride: 0 } });
    }
  }
  if (m * n * k <= tinyProduct) return tinyMultiplication(spec);
  if (m === 1 && (b.rowStride === 1 || b.colStride === 1)) return vectorMultiplication(spec);
  return blockedMultiplication(spec);
}

function transposeOf({ rowStride, colStride, ...rest }: MatrixLayout): MatrixLayout {
  return { ...rest, rowStride: colStride, colStride: rowStride };
}

function tinyMultiplication({ batch, m, n, k, a, b }: GemmSpec): Gemm {
  return (x, y, out) => {
    let at = 0;
    for (let s = 0; s < batch; s++) {
      for (let i = 0; i < m; i++) {
        const row = a.offset + s * a.batchStride + i * a.rowStride;
        for (let j = 0; j < n; j++) {
          let p = row;
          let q = b.offset + s * b.batchStride + j * b.colStride;
          let sum = 0;
          for (let r = 0; r < k; r++) {
            sum += (x[p] as number) * (y[q] as number);
            p += a.colStride;
            q += b.rowStride;
          }
          out[at++] = sum;
        }
      }
    }
  };
}

/** m = 1, and the elements of the right matrix follow one another along one of its axes. */
function vectorMultiplication({ dtype, batch, n, k, a, b }: GemmSpec): Gemm {
  const kernels = panelKernels(dtype);
  const scratch = scratchMemory();
  const { bytes } = kernels;
  const byColumns = b.rowStride === 1;
  const [contiguous, strided] = byColumns ? [k, n] : [n, k];
  const runLength = Math.min(contiguous, vectorBlock.run);
  const runs = Math.min(strided, Math.max(1, Math.floor(vectorBlock.elements / runLength)));
  const [nBlock, kBlock] = byColumns ? [runs, runLength] : [runLength, runs];
  const product = byColumns ? kernels.dots : kernels.combine;
  const runStride = byColumns ? b.colStride : b.rowStride;
  const layout = new ScratchLayout();
  const x = layout.take(k * bytes);
  const y = layout.take(n * bytes);
  const matrix = new Stage(layout, bytes, runs, runLength);
  return (aData, bData, out) => {
    scratch.reserve(layout.bytes);
    const heap = scratch.floats(dtype);
    for (let s = 0; s < batch; s++) {
      if (s === 0 || a.batchStride !== 0) {
        const first = a.offset + s * a.batchStride;
        if (a.colStride === 1) copySpan(aData, first, k, heap, x / bytes);
        else for (let p = 0; p < k; p++) heap[x / bytes + p] = aData[first + p * a.colStride] as number;
      }
      for (let j = 0; j < n; j += nBlock) {
        const units = Math.min(nBlock, n - j);
        for (let p = 0; p < k; p += kBlock) {
          const depth = Math.min(kBlock, k - p);
          const from = b.offset + s * b.batchStride + j * b.colStride + p * b.rowStride;
          matrix.copy(bData, heap, from, runStride, 1, byColumns ? units : depth, byColumns ? depth : units);
          product(x + p * bytes, matrix.address, matrix.outerStep, y + j * bytes, units, depth, p > 0 ? 1 : 0);
        }
      }
      copySpan(heap, y / bytes, n, out, s * n);
    }
  };
}

function blockedMultiplication({ dtype, batch, m, n, k, a, b }: GemmSpec): Gemm {
  const kernels = panelKernels(dtype);
  const scratch = scratchMemory();
  const layout = new ScratchLayout();
  const left = new MatrixOperand(
    layout,
    kernels,
    'rows',
    { offset: a.offset, batchStride: a.batchStride, unitStride: a.rowStride, depthStride: a.colStride },
    { units: m, depth: k, readAgain: n > blockLimits.columns || (batch > 1 && a.batchStride === 0) },
  );
  const right = new MatrixOperand(
    layout,
    kernels,
    'columns',
    { offset: b.offset, batchStride: b.batchStride, unitStride: b.colStride, depthStride: b.rowStride },
    { units: n, depth: k, readAgain: m > resultLimit || (batch > 1 && b.batchStride === 0) },
  );
  const resultRows = left.unitBlock * Math.max(1, Math.floor(resultLimit / left.unitBlock));
  const result = layout.take(Math.min(m, resultRows) * Math.min(n, right.unitBlock) * kernels.bytes);
  const spare = layout.take(spareBytes(kernels));
  const range: ProductRange = {
    ...{ leftBatch: 0, rightBatch: 0, top: 0, bottom: 0, first: 0, last: 0, rowBytes: 0 },
    ...{ result, accumulate: false, spare },
  };
  return (aData, bData, out) => {
    scratch.reserve(layout.bytes);
    const heap = scratch.floats(dtype);
    left.bind(aData, heap);
    right.bind(bData, heap);
    for (let s = 0; s < batch; s++) {
      range.leftBatch = range.rightBatch = s;
      for (let top = 0; top < m; top += resultRows) {
        const height = Math.min(resultRows, m - top);
        range.top = top;
        range.bottom = top + height;
        for (let j = 0; j < n; j += right.unitBlock) {
          const width = Math.min(right.unitBlock, n - j);
          range.first = j;
          range.last = j + width;
          range.rowBytes = width * kernels.bytes;
          multiplyBlocks(kernels, left, right, range);
          const from = result / kernels.bytes;
          const to = (s * m + top) * n + j;
          if (width === n) copySpan(heap, from, height * n, out, to);
          else for (let i = 0; i < height; i++) copySpan(heap, from + i * width, width, out, to + i * n);
        }
      }
    }
    left.release();
    right.release();
  };
}
