// Cholesky factors and triangular systems in double precision. Both subtract products from some neighbouring columns at a
// time, in the order of the reference, so the bits are the same.

import { bytesPerElement } from '../../array/dtype';
import { type ShapedType, sizeOf } from '../../array/shape';
import {
  type Expr,
  type FunctionBuilder,
  f32,
  f64,
  f64x2,
  i32,
  type Local,
  type ModuleBuilder,
  select,
  v128,
} from './assembler';

import {
  inputAt,
  type NativeKernel,
  type NativeStage,
  nativeSignature,
  outputAt,
  ownAt,
  partsFor,
  scratchAt,
  WordNames,
} from './native';
import type { FloatType } from './panels';
import { smaller } from './table-code';

type Builder = FunctionBuilder<'void'>;
type Pointer = Local<'i32'>;
type Address = Expr<'i32'>;

/** Columns that are worked on together; each two are one register. */
const wide = 16;
const narrow = 2;

function loadDouble(dtype: FloatType, at: Address): Expr<'f64'> {
  return dtype === 'float32' ? f64.promoteF32(f32.load(at)) : f64.load(at);
}

function storeDouble(dtype: FloatType, at: Address, value: Expr<'f64'>) {
  return dtype === 'float32' ? f32.store(at, f32.demoteF64(value)) : f64.store(at, value);
}

/** A row of `columns` doubles at an address, less the multiples of `count` rows; then divided, and stored where it was. */
function reduceRow(
  f: Builder,
  columns: number,
  row: Pointer,
  count: Pointer,
  multiples: { at: Address; step: Address; load: (at: Address) => Expr<'v128'> },
  rows: { at: Address; step: Address },
  divide: ((sums: readonly Local<'v128'>[]) => Expr<'v128'>) | null,
): void {
  const sums = Array.from({ length: columns / 2 }, (_, i) => f.local('v128', v128.load(row, 16 * i)));
  const [factor, from, left] = [f.local('i32', multiples.at), f.local('i32', rows.at), f.local('i32', count)];
  const [factorStep, fromStep] = [f.local('i32', multiples.step), f.local('i32', rows.step)];
  const value = f.local('v128');
  f.while(left, () => {
    f.set(value, multiples.load(factor));
    sums.forEach((sum, i) => {
      f.set(sum, f64x2.sub(sum, f64x2.mul(value, v128.load(from, 16 * i))));
    });
    f.increment(factor, factorStep);
    f.increment(from, fromStep);
    f.increment(left, -1);
  });
  const divisor = divide?.(sums);
  if (divisor) f.set(value, divisor);
  sums.forEach((sum, i) => {
    f.emit(v128.store(row, divisor ? f64x2.div(sum, value) : sum, 16 * i));
  });
}

/** Converts `count` elements that lie some bytes apart. */
function convert(
  f: Builder,
  count: Address,
  from: { at: Address; step: Address; load: (at: Address) => Expr<'f64'> },
  to: { at: Address; step: Address; store: (at: Address, value: Expr<'f64'>) => ReturnType<typeof f64.store> },
): void {
  const [source, target, left] = [f.local('i32', from.at), f.local('i32', to.at), f.local('i32', count)];
  f.while(left, () => {
    f.emit(to.store(target, from.load(source)));
    f.increment(source, from.step);
    f.increment(target, to.step);
    f.increment(left, -1);
  });
}

export interface TriangularSpec {
  readonly lower: boolean;
  readonly transposeA: boolean;
  readonly unitDiagonal: boolean;
}

const solveNames = new WordNames([
  ...(['a', 'b', 'out', 'x', 'ownBytes', 'n', 'm', 'tiles', 'chunk', 'units'] as const),
  ...(['aBatch', 'bBatch', 'aRow', 'aColumn', 'bRow'] as const),
]);

/** Inputs: a [..., n, n], b [..., n, m]. */
export function triangularSolveKernel(
  b: ShapedType,
  { lower, transposeA, unitDiagonal }: TriangularSpec,
): NativeKernel {
  const dtype = b.dtype as FloatType;
  const bytes = bytesPerElement(dtype);
  const [n, m] = b.shape.slice(-2) as [number, number];
  const columns = m <= narrow ? narrow : wide;
  const tiles = Math.ceil(m / columns);
  const units = sizeOf(b.shape.slice(0, -2)) * tiles;
  const chunk = Math.ceil(units / partsFor((units * n * n * columns) / 4, 64));
  // From the last row upwards is downwards with all steps reversed.
  const sign = lower !== transposeA ? 1 : -1;
  const last = sign > 0 ? 0 : n - 1;
  const ownBytes = 8 * columns * n;
  const words = solveNames.table({
    a: inputAt(0, last * (n + 1) * bytes),
    b: inputAt(1, last * m * bytes),
    out: outputAt(0, last * m * bytes),
    x: ownAt(0),
    ...{ ownBytes, n, m, tiles, chunk, units },
    aBatch: n * n * bytes,
    bBatch: n * m * bytes,
    aRow: sign * bytes * (transposeA ? 1 : n),
    aColumn: sign * bytes * (transposeA ? n : 1),
    bRow: sign * bytes * m,
  });
  const module = {
    key: `solve ${dtype} ${columns} ${unitDiagonal}`,
    define: (m: ModuleBuilder) => defineSolve(m, dtype, columns, unitDiagonal),
  };
  return { stages: [{ run: { module, name: 'part' }, parts: Math.ceil(units / chunk), words }], ownBytes };
}

function defineSolve(module: ModuleBuilder, dtype: FloatType, columns: number, unitDiagonal: boolean): void {
  const bytes = bytesPerElement(dtype);
  const load = (at: Address) => loadDouble(dtype, at);
  const splat = (at: Address) => f64x2.splat(load(at));
  const part = module.function(nativeSignature, (f, table, index, worker) => {
    const word = (name: (typeof solveNames.names)[number]) => i32.load(table, solveNames.offset(name));
    const x = f.local('i32', i32.add(word('x'), i32.mul(worker, word('ownBytes'))));
    const [n, m, aRow, aColumn, bRow] = (['n', 'm', 'aRow', 'aColumn', 'bRow'] as const).map((name) =>
      f.local('i32', word(name)),
    ) as [Pointer, Pointer, Pointer, Pointer, Pointer];
    const unit = f.local('i32', i32.mul(index, word('chunk')));
    const end = f.local('i32', smaller(f, i32.add(unit, word('chunk')), word('units')));
    const [batch, first, width, a, at, row, solved] = Array.from({ length: 7 }, () => f.local('i32')) as [
      Pointer,
      Pointer,
      Pointer,
      Pointer,
      Pointer,
      Pointer,
      Pointer,
    ];
    f.for(unit, unit, end, 1, () => {
      f.set(batch, i32.divU(unit, word('tiles')));
      f.set(first, i32.mul(i32.remU(unit, word('tiles')), columns));
      f.set(width, smaller(f, i32.sub(m, first), i32.const(columns)));
      f.set(a, i32.add(word('a'), i32.mul(batch, word('aBatch'))));
      f.set(at, i32.add(i32.mul(batch, word('bBatch')), i32.mul(first, bytes)));
      f.set(row, x);
      f.for(solved, 0, n, 1, () => {
        const element = { at: i32.add(word('b'), at), step: i32.const(bytes), load };
        convert(f, width, element, { at: row, step: i32.const(8), store: f64.store });
        const diagonal = i32.add(a, i32.mul(solved, aColumn));
        reduceRow(
          f,
          columns,
          row,
          solved,
          { at: a, step: aColumn, load: splat },
          { at: x, step: i32.const(8 * columns) },
          unitDiagonal ? null : () => splat(diagonal),
        );
        convert(
          f,
          width,
          { at: row, step: i32.const(8), load: f64.load },
          {
            at: i32.add(word('out'), at),
            step: i32.const(bytes),
            store: (to, value) => storeDouble(dtype, to, value),
          },
        );
        f.increment(row, 8 * columns);
        f.increment(at, bRow);
        f.increment(a, aRow);
      });
    });
  });
  module.export('part', part);
}

const choleskyNames = new WordNames([
  ...(['a', 'out', 'u', 'n', 'uRow', 'uBatch', 'firstColumn', 'endColumn'] as const),
  ...(['firstRow', 'endRow', 'chunk', 'perMatrix'] as const),
]);

/** Rows that are finished before what is right of them goes on; a multiple of `wide`. */
const blockRows = 64;

/** Input: a [..., n, n], of which the lower triangle is read. */
export function choleskyKernel({ shape, dtype }: ShapedType): NativeKernel {
  const n = shape.at(-1) as number;
  const count = sizeOf(shape.slice(0, -2));
  // The transposed factor; rows do not lie a power of two apart.
  const uRow = 8 * (wide * Math.ceil(n / wide) + 8);
  const module = {
    key: `cholesky ${dtype}`,
    define: (m: ModuleBuilder) => defineCholesky(m, dtype as FloatType),
  };
  const stages: NativeStage[] = [];
  const common = { a: inputAt(0), out: outputAt(0), u: scratchAt(0), n, uRow, uBatch: n * uRow };
  const stage = (name: string, columns: [number, number], rows: [number, number], perMatrix: number, chunk: number) => {
    const [[firstColumn, endColumn], [firstRow, endRow]] = [columns, rows];
    const words = choleskyNames.table({ ...common, firstColumn, endColumn, firstRow, endRow, chunk, perMatrix });
    stages.push({ run: { module, name }, parts: count * perMatrix, words });
  };
  const block = n < 4 * blockRows ? n : blockRows;
  for (let from = 0; from < n; from += block) {
    const to = Math.min(n, from + block);
    stage('columns', [from, to], [from, to], 1, block);
    if (to === n) break;
    const tiles = Math.ceil((n - to) / wide);
    const chunk = Math.ceil(tiles / partsFor((tiles * wide * to * blockRows) / 4, 16));
    stage('columns', [to, n], [from, to], Math.ceil(tiles / chunk), chunk * wide);
  }
  const chunk = Math.ceil(n / partsFor(n * n, 16));
  stage('write', [0, n], [0, n], Math.ceil(n / chunk), chunk);
  return { stages, scratchBytes: count * n * uRow };
}

function defineCholesky(module: ModuleBuilder, dtype: FloatType): void {
  const bytes = bytesPerElement(dtype);
  const load = (at: Address) => loadDouble(dtype, at);
  const reader = (table: Pointer) => (name: (typeof choleskyNames.names)[number]) =>
    i32.load(table, choleskyNames.offset(name));
  /** Rows of the transposed factor in some columns; whatever lies left of the diagonal is not used. */
  const columns = module.function(nativeSignature, (f, table, index) => {
    const word = reader(table);
    const [n, uRow] = [f.local('i32', word('n')), f.local('i32', word('uRow'))];
    const matrix = f.local('i32', i32.divU(index, word('perMatrix')));
    const u = f.local('i32', i32.add(word('u'), i32.mul(matrix, word('uBatch'))));
    const a = f.local('i32', i32.add(word('a'), i32.mul(i32.mul(matrix, i32.mul(n, n)), bytes)));
    const column = f.local('i32', i32.mul(i32.remU(index, word('perMatrix')), word('chunk')));
    f.increment(column, word('firstColumn'));
    const end = f.local('i32', smaller(f, i32.add(column, word('chunk')), word('endColumn')));
    const [row, lastRow, at, width] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    const pivot = f.local('f64');
    f.for(column, column, end, wide, () => {
      f.set(lastRow, smaller(f, word('endRow'), i32.add(column, wide)));
      f.set(width, smaller(f, i32.sub(n, column), i32.const(wide)));
      f.for(row, word('firstRow'), lastRow, 1, () => {
        const first = i32.add(u, i32.mul(column, 8));
        f.set(at, i32.add(first, i32.mul(row, uRow)));
        const from = i32.add(a, i32.mul(i32.add(i32.mul(column, n), row), bytes));
        convert(f, width, { at: from, step: i32.mul(n, bytes), load }, { at, step: i32.const(8), store: f64.store });
        const head = f.local('i32', i32.add(u, i32.mul(row, 8)));
        const diagonal = f.local('i32', i32.add(head, i32.mul(row, uRow)));
        reduceRow(
          f,
          wide,
          at,
          row,
          { at: head, step: uRow, load: v128.load64Splat },
          { at: first, step: uRow },
          (sums) => {
            f.if(i32.geS(row, column), () => {
              sums.forEach((sum, i) => {
                f.emit(v128.store(at, sum, 16 * i));
              });
              f.emit(f64.store(diagonal, f64.sqrt(f64.load(diagonal))));
            });
            f.set(pivot, f64.load(diagonal));
            return f64x2.splat(pivot);
          },
        );
        f.if(i32.geS(row, column), () => f.emit(f64.store(diagonal, pivot)));
      });
    });
  });
  module.export('columns', columns);

  const write = module.function(nativeSignature, (f, table, index) => {
    const word = reader(table);
    const [n, uRow] = [f.local('i32', word('n')), f.local('i32', word('uRow'))];
    const matrix = f.local('i32', i32.divU(index, word('perMatrix')));
    const u = f.local('i32', i32.add(word('u'), i32.mul(matrix, word('uBatch'))));
    const row = f.local('i32', i32.mul(i32.remU(index, word('perMatrix')), word('chunk')));
    const end = f.local('i32', smaller(f, i32.add(row, word('chunk')), n));
    const out = f.local('i32', i32.mul(i32.add(i32.mul(matrix, n), row), i32.mul(n, bytes)));
    f.increment(out, word('out'));
    // Zero, or NaN for all of a matrix that has a pivot that is not positive.
    const spoiled = f.local('f64');
    const [i, at] = [f.local('i32'), f.local('i32', u)];
    f.for(i, 0, n, 1, () => {
      f.set(spoiled, select(f64.gt(f64.load(at), 0), spoiled, f64.const(Number.NaN)));
      f.increment(at, i32.add(uRow, 8));
    });
    f.for(row, row, end, 1, () => {
      f.set(at, i32.add(u, i32.mul(row, 8)));
      f.for(i, 0, n, 1, () => {
        const below = f64.add(f64.load(at), spoiled);
        f.emit(storeDouble(dtype, out, select(i32.leS(i, row), below, f64.const(0))));
        f.increment(at, uRow);
        f.increment(out, bytes);
      });
    });
  });
  module.export('write', write);
}
