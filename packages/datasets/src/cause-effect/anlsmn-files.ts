import { FormatError } from '@forback/core';
import type { PairDirection } from './cause-pair';
import { linesOf, readNumber } from './read-table';

/**
 * The two variables of a pair of Tagasovska et al.: CSV with a header and a column of quoted row numbers. The names in
 * the header differ with the direction, so they are not read.
 */
export function readAnlsmnPair(text: string, where: string): { x: Float64Array; y: Float64Array } {
  const [header, ...rows] = linesOf(text);
  if (header === undefined || header.line.split(',').length !== 3)
    throw new FormatError(
      `${where}: expected a header of three columns, got ${header ? `"${header.line}"` : 'an empty file'}`,
    );
  const x = new Float64Array(rows.length);
  const y = new Float64Array(rows.length);
  for (const [row, { line, number }] of rows.entries()) {
    const cells = line.split(',');
    if (cells.length !== 3 || cells[0] !== `"${row + 1}"`) {
      throw new FormatError(
        `${where}, line ${number}: expected "${row + 1}" in quotes and two numbers, got "${line}"; the file is truncated or damaged`,
      );
    }
    x[row] = readNumber(cells[1], `${where}, line ${number}`);
    y[row] = readNumber(cells[2], `${where}, line ${number}`);
  }
  return { x, y };
}

/** Line i says whether the first variable of pair i + 1 is the cause: 1, or 0 for the second. */
export function readAnlsmnTruth(text: string, where: string): PairDirection[] {
  return linesOf(text).map(({ line, number }) => {
    if (line !== '0' && line !== '1') throw new FormatError(`${where}, line ${number}: expected 0 or 1, got "${line}"`);
    return line === '1' ? 'x->y' : 'y->x';
  });
}
