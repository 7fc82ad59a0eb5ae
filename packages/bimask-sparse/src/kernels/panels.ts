// Panels: some rows of a dense matrix side by side, so that a vector holds one column of four of them. Below the columns
// lies a row of zeros, to which empty places of a compressed matrix point.

import {
  type Expr,
  type FunctionBuilder,
  type FunctionRef,
  i8x16,
  i32,
  type Local,
  type ModuleBuilder,
  select,
  v128,
} from '@forback/core/kernels';

type Address = Expr<'i32'>;
type Vector = Expr<'v128'>;
type Builder = FunctionBuilder<'void'>;

/** Bytes of a panel over so many columns: `vectors` vectors for each, and for the row of zeros. */
export function panelBytes(columns: number, vectors: number): number {
  return (columns + 1) * 16 * vectors;
}

/** Quads of columns in a cache line of the result. */
export const lineQuads = 4;

export function lowest(x: Address, y: Address): Address {
  return select(i32.ltS(x, y), x, y);
}

/** Word i of each of the four vectors, for every i. */
export function transposed(f: Builder, x: readonly Vector[]): Vector[] {
  const pick = (a: Vector, b: Vector, ...words: number[]): Vector =>
    i8x16.shuffle(
      a,
      b,
      words.flatMap((word) => [4 * word, 4 * word + 1, 4 * word + 2, 4 * word + 3]),
    );
  const [a, b, c, d] = x as [Vector, Vector, Vector, Vector];
  const low = [f.local('v128', pick(a, b, 0, 4, 1, 5)), f.local('v128', pick(c, d, 0, 4, 1, 5))] as const;
  const high = [f.local('v128', pick(a, b, 2, 6, 3, 7)), f.local('v128', pick(c, d, 2, 6, 3, 7))] as const;
  return [low, high].flatMap(([ab, cd]) => [pick(ab, cd, 0, 1, 4, 5), pick(ab, cd, 2, 3, 6, 7)]);
}

/** Addresses of four rows from row `first` on; behind the last row, the last one again. */
export function rowAddresses(f: Builder, base: Address, first: Local<'i32'>, rows: Address, rowBytes: Address) {
  return Array.from({ length: 4 }, (_, i) => {
    const row = lowest(i32.add(first, i), i32.sub(rows, 1));
    return f.local('i32', i32.add(base, i32.mul(row, rowBytes)));
  });
}

export const zero: Vector = v128.const(new Array(16).fill(0));

type PackFunction = FunctionRef<readonly ['i32', 'i32', 'i32', 'i32'], 'void'>;

/** Columns that are packed for all rows of a panel before the next ones: what is read and written stays in the L1 cache. */
const packedColumns = 128;

/** (x, rows, columns, panel): packs the first 4 `vectors` rows of x; `rows` > 0 of them exist. */
export function definePackPanel(module: ModuleBuilder, vectors: number): PackFunction {
  return module.function({ params: ['i32', 'i32', 'i32', 'i32'], result: 'void' }, (f, x, rows, columns, panel) => {
    const [quad, quads] = [f.local('i32'), f.local('i32', lowest(rows, i32.const(4 * vectors)))];
    const rowBytes = f.local('i32', i32.mul(columns, 4));
    const left = f.local('i32');
    const to = f.local('i32');
    const step = 16 * vectors;
    f.while(i32.gtS(columns, 0), () => {
      f.for(quad, 0, quads, 4, () => {
        const from = rowAddresses(f, x, quad, rows, rowBytes);
        const loaded = from.map(() => f.local('v128'));
        f.set(to, i32.add(panel, i32.mul(quad, 4)));
        f.set(left, lowest(columns, i32.const(packedColumns)));
        const advance = (count: number): void => {
          for (const row of from) f.increment(row, 4 * count);
          f.increment(to, count * step);
          f.increment(left, -count);
        };
        f.while(i32.geS(left, 4), () => {
          loaded.forEach((row, i) => {
            f.set(row, v128.load(from[i] as Address));
          });
          transposed(f, loaded).forEach((column, i) => {
            f.emit(v128.store(to, column, i * step));
          });
          advance(4);
        });
        f.while(left, () => {
          const column = from.reduce(
            (vector: Vector | undefined, row, i) => (vector ? v128.load32Lane(row, vector, i) : v128.load32Zero(row)),
            undefined,
          ) as Vector;
          f.emit(v128.store(to, column));
          advance(1);
        });
      });
      f.increment(x, 4 * packedColumns);
      f.increment(panel, packedColumns * step);
      f.increment(columns, -packedColumns);
    });
    // Behind the last column, which may lie before the end of the last columns.
    f.increment(panel, i32.mul(columns, step));
    for (let i = 0; i < vectors; i++) f.emit(v128.store(panel, zero, 16 * i));
  });
}

/**
 * Writes vectors that hold `width` (1 to 4, more count as 4) neighbouring elements of consecutive rows each, as far as there
 * are rows: the first rows - `unsure` surely exist.
 */
export function storeRows(
  f: Builder,
  vectors: readonly Vector[],
  to: Local<'i32'>,
  target: { rowBytes: Address; width: Address; rows: Address; first: number; sure: number },
): void {
  const { rowBytes, width, rows, first, sure } = target;
  vectors.forEach((vector, i) => {
    const value = f.local('v128', vector);
    const write = (): void =>
      f.if(
        i32.geS(width, 4),
        () => f.emit(v128.store(to, value)),
        () => {
          f.emit(v128.store32Lane(to, value, 0));
          f.if(i32.geS(width, 2), () => f.emit(v128.store32Lane(to, value, 1, 4)));
          f.if(i32.geS(width, 3), () => f.emit(v128.store32Lane(to, value, 2, 8)));
        },
      );
    if (first + i < sure) write();
    else f.if(i32.gtS(rows, first + i), write);
    f.increment(to, rowBytes);
  });
}

/**
 * Writes the sums of neighbouring quads of rows, each [vectors][4 rows] `quadStep` bytes behind the one before, so that whole
 * cache lines of the result are written at once: all of its rows and columns have to exist.
 */
export function storeLines(
  f: Builder,
  sums: Address,
  to: Address,
  target: { vectors: number; quadStep: number; rowBytes: Address },
): void {
  const { vectors, quadStep, rowBytes } = target;
  const from = f.local('i32', sums);
  const end = f.local('i32', i32.add(from, 64 * vectors));
  const rows = [f.local('i32', to)];
  for (let r = 1; r < 4; r++) rows.push(f.local('i32', i32.add(rows[r - 1] as Address, rowBytes)));
  const four = rows.map(() => f.local('v128'));
  f.loop((again) => {
    for (let quad = 0; quad < lineQuads; quad++) {
      four.forEach((column, c) => {
        f.set(column, v128.load(from, quad * quadStep + 16 * c));
      });
      transposed(f, four).forEach((row, r) => {
        f.emit(v128.store(rows[r] as Address, row, 16 * quad));
      });
    }
    for (const row of rows) f.increment(row, i32.mul(rowBytes, 4));
    f.increment(from, 64);
    f.branchIf(again, i32.ne(from, end));
  });
}
