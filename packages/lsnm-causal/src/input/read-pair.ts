import { ArgumentError, DTypeError, NDArray, ShapeError } from '@forback/core';

/** One variable: numbers, a typed array, or an NDArray [n]. */
export type Column = readonly number[] | Float64Array | Float32Array | Int32Array | Uint32Array | NDArray;

/** Two named columns: `{ x, y }`, `{ altitude, temperature }`. The first key is x. */
export type NamedColumns = Readonly<Record<string, Column>>;

/**
 * A row of the cause-effect pairs challenge: each cell is a vector, as text with blanks between numbers or as a column.
 * A is x.
 */
export interface CepcRow {
  readonly SampleID?: string | number;
  readonly A: string | Column;
  readonly B: string | Column;
}

/** Two variables in one value: named columns, a CEPC row, or rows of two numbers (nested lists or an NDArray [n, 2]). */
export type PairInput = NamedColumns | CepcRow | readonly (readonly [number, number] | readonly number[])[] | NDArray;

/** Two columns of equal length, and names that only results see. */
export interface Pair {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly names: readonly [string, string];
}

/** Reads every form of input. @throws ShapeError, DTypeError, ArgumentError that name what is wrong. */
export function readPair(where: string, first: Column | PairInput, second?: Column): Pair {
  if (second !== undefined) {
    return checked(where, toNumbers(where, 'x', first), toNumbers(where, 'y', second), ['x', 'y']);
  }
  if (first instanceof NDArray) return readRows(where, matrixRows(where, first));
  if (Array.isArray(first)) return readRows(where, first);
  if (typeof first !== 'object' || first === null || ArrayBuffer.isView(first)) {
    throw new ArgumentError(
      `${where}: expected two columns (x, y), named columns, a CEPC row or rows of two numbers, got ${describe(first)}; ` +
        'pass the second variable as the second argument',
    );
  }
  const { SampleID: _, ...columns } = first as Record<string, unknown>;
  const names = Object.keys(columns);
  if (names.length !== 2) {
    throw new ShapeError(
      `${where}: expected exactly two columns, got ${names.length} (${names.join(', ')}); ` +
        'choose two of them, such as { x: data.a, y: data.b }',
    );
  }
  const [a, b] = names as [string, string];
  return checked(where, toNumbers(where, a, columns[a]), toNumbers(where, b, columns[b]), [a, b]);
}

function readRows(where: string, rows: readonly unknown[]): Pair {
  const x = new Float64Array(rows.length);
  const y = new Float64Array(rows.length);
  rows.forEach((row, i) => {
    if (!Array.isArray(row) || row.length !== 2) {
      const got = Array.isArray(row) ? `${row.length} numbers` : describe(row);
      throw new ShapeError(
        `${where}: expected rows of two numbers, got ${got} in row ${i}; two columns are two arguments: (x, y)`,
      );
    }
    x[i] = toNumber(where, 'x', row[0], i);
    y[i] = toNumber(where, 'y', row[1], i);
  });
  return checked(where, x, y, ['x', 'y']);
}

function matrixRows(where: string, matrix: NDArray): number[][] {
  if (matrix.ndim !== 2 || matrix.shape[1] !== 2) {
    throw new ShapeError(
      `${where}: expected an array [n, 2], got [${matrix.shape.join(', ')}]; two columns are two arguments: (x, y)`,
    );
  }
  return matrix.toJS() as number[][];
}

/** Reads one column. @throws ShapeError, DTypeError or ArgumentError that name what is wrong. */
export function toNumbers(where: string, name: string, column: unknown): Float64Array {
  if (typeof column === 'string') return toNumbers(where, name, column.trim().split(/\s+/).map(parseNumber));
  if (column instanceof NDArray) {
    if (column.ndim !== 1) {
      throw new ShapeError(`${where}: expected ${name} to be [n], got [${column.shape.join(', ')}]`);
    }
    return Float64Array.from(column.dataSync());
  }
  if (Array.isArray(column) || (ArrayBuffer.isView(column) && !(column instanceof DataView))) {
    return Float64Array.from(column as ArrayLike<unknown>, (value, i) => toNumber(where, name, value, i));
  }
  throw new DTypeError(`${where}: expected ${name} to be a list of numbers, got ${describe(column)}`);
}

/** Text that is no number stays text, for the error that shows it. */
function parseNumber(text: string): number | string {
  const value = Number(text);
  return text === '' || Number.isNaN(value) ? text : value;
}

function toNumber(where: string, name: string, value: unknown, i: number): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'number' || value === null || value === undefined) {
    throw new ArgumentError(
      `${where}: expected finite numbers, got ${String(value)} in ${name}[${i}]; leave out rows with missing values`,
    );
  }
  throw new DTypeError(
    `${where}: expected ${name} to hold numbers, got ${describe(value)} at ${i}; ` +
      'categories have no location and scale: this method is for two continuous variables',
  );
}

function checked(where: string, x: Float64Array, y: Float64Array, names: readonly [string, string]): Pair {
  if (x.length !== y.length) {
    throw new ShapeError(
      `${where}: expected two columns of equal length, got ${x.length} in ${names[0]} and ${y.length} in ${names[1]}`,
    );
  }
  if (x.length === 0) throw new ShapeError(`${where}: expected at least one row, got none`);
  for (const [name, column] of [
    [names[0], x],
    [names[1], y],
  ] as const) {
    column.forEach((value, i) => toNumber(where, name, value, i));
  }
  return { x, y, names };
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `the text "${value.length > 20 ? `${value.slice(0, 20)}…` : value}"`;
  if (value === null) return 'null';
  if (ArrayBuffer.isView(value)) return 'one typed array';
  return typeof value === 'object' ? 'an object' : `${typeof value} ${String(value)}`;
}
