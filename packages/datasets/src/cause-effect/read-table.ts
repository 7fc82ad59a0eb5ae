import { FormatError } from '@forback/core';

/** The lines of a text that are not blank, with their numbers from 1 on. */
export function linesOf(text: string): { readonly line: string; readonly number: number }[] {
  return text
    .split(/\r\n|\n|\r/)
    .map((line, i) => ({ line: line.trim(), number: i + 1 }))
    .filter(({ line }) => line !== '');
}

/** Columns `columns` (from 0 on) of a table of numbers without a header, divided by white space. */
export function readColumns(text: string, where: string, columns: readonly number[]): Float64Array[] {
  const rows = linesOf(text);
  const first = rows[0];
  if (first === undefined) throw new FormatError(`${where}: expected lines of numbers, got an empty file`);
  const width = first.line.split(/\s+/).length;
  const result = columns.map(() => new Float64Array(rows.length));
  for (const [row, { line, number }] of rows.entries()) {
    const cells = line.split(/\s+/);
    if (cells.length !== width) {
      throw new FormatError(
        `${where}, line ${number}: expected ${width} numbers as in the first line, got ${cells.length}; the file is truncated or damaged`,
      );
    }
    for (const [i, column] of columns.entries())
      (result[i] as Float64Array)[row] = readNumber(cells[column], `${where}, line ${number}, column ${column + 1}`);
  }
  return result;
}

/** A finite number from all of a cell. */
export function readNumber(cell: string | undefined, where: string): number {
  const value = cell === undefined || cell.trim() === '' ? Number.NaN : Number(cell);
  if (!Number.isFinite(value))
    throw new FormatError(`${where}: expected a finite number, got ${cell === undefined ? 'nothing' : `"${cell}"`}`);
  return value;
}
