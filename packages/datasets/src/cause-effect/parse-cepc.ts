import { FormatError } from '@forback/core';
import type { CausePairSuite, PairDirection } from './cause-pair';
import { linesOf, readNumber } from './read-table';

/**
 * Pairs in the format of the Cause-Effect Pairs Challenge (Guyon 2013), which cdt and the suites Cha, Net and Multi use.
 *
 * `pairs` is the text of a CSV file with the header `SampleID,A,B`, whose cells A and B are numbers divided by spaces;
 * `targets` that of one with `SampleID,Target`: 1 where A causes B, −1 where B causes A. Pairs with another target have no
 * direction (0 in the challenge) and are listed as excluded. x is A, y is B.
 *
 * @throws FormatError for a file that is empty, truncated or something else, with the line.
 */
export function parseCepc(pairs: string, targets: string, name = 'CEPC'): CausePairSuite {
  const truths = new Map<string, number>();
  for (const { cells, where } of rowsOf(targets, 'targets', ['SampleID', 'Target'])) {
    const [id, target] = cells as [string, string];
    if (truths.has(id)) throw new FormatError(`${where}: expected each pair once, got ${id} again`);
    truths.set(id, readNumber(target, where));
  }
  const excluded: { id: string; reason: string }[] = [];
  const found = new Set<string>();
  const kept = rowsOf(pairs, 'pairs', ['SampleID', 'A', 'B']).flatMap(({ cells, where }) => {
    const [id, a, b] = cells as [string, string, string];
    const target = truths.get(id);
    if (found.has(id)) throw new FormatError(`${where}: expected each pair once, got ${id} again`);
    if (target === undefined) throw new FormatError(`${where}: expected a target for ${id}, got none`);
    found.add(id);
    const [x, y] = [readVector(a, `${where}, A`), readVector(b, `${where}, B`)];
    if (x.length !== y.length)
      throw new FormatError(`${where}: expected as many numbers in A as in B, got ${x.length} and ${y.length}`);
    if (target !== 1 && target !== -1) {
      excluded.push({ id: `${name}/${id}`, reason: `no direction: its target is ${target}` });
      return [];
    }
    const truth: PairDirection = target === 1 ? 'x->y' : 'y->x';
    return [{ id: `${name}/${id}`, x, y, truth, weight: 1 }];
  });
  const missing = [...truths.keys()].filter((id) => !found.has(id));
  if (missing.length > 0) {
    throw new FormatError(
      `parseCepc: expected a row of pairs for each target, got none for ${missing.slice(0, 3).join(', ')}` +
        `${missing.length > 3 ? ` and ${missing.length - 3} more` : ''}; the file is truncated`,
    );
  }
  return { name, synthetic: false, source: 'parseCepc', pairs: kept, excluded };
}

function rowsOf(text: string, what: string, header: readonly string[]) {
  const [first, ...rows] = linesOf(text);
  const names = first?.line.split(',').map((cell) => cell.trim());
  if (names === undefined || names.join() !== header.join())
    throw new FormatError(
      `parseCepc: expected ${what} to begin with "${header.join()}", got ${first ? `"${first.line.slice(0, 60)}"` : 'an empty file'}`,
    );
  return rows.map(({ line, number }) => {
    const where = `parseCepc: ${what}, line ${number}`;
    const cells = line.split(',');
    if (cells.length !== header.length)
      throw new FormatError(`${where}: expected ${header.length} cells, got ${cells.length}; the file is truncated`);
    return { cells, where };
  });
}

function readVector(cell: string, where: string): Float64Array {
  const numbers = cell.trim().split(/\s+/);
  return Float64Array.from(numbers, (text) => readNumber(text, where));
}
