import { FormatError } from '@forback/core';
import { sha256 } from '../sha256';
import { readAnlsmnPair, readAnlsmnTruth } from './anlsmn-files';
import type { CausePair } from './cause-pair';
import { type PairMeta, readPairMeta } from './pair-meta';
import type { PublishedSuite } from './published-suites';
import { readColumns } from './read-table';

/** The text of a file by its name, and its path for messages. */
export type ReadText = (name: string) => Promise<{ readonly text: string; readonly path: string }>;

/** The file that says which variable of each pair is the cause. */
export function truthFile({ layout }: PublishedSuite): string {
  return layout === 'anlsmn' ? 'pairs_gt.txt' : 'pairmeta.txt';
}

/** The file of pair `number`. */
export function pairFile({ layout }: PublishedSuite, number: number): string {
  return layout === 'anlsmn' ? `pair_${number}.txt` : `pair${String(number).padStart(4, '0')}.txt`;
}

/**
 * Reads the pairs of two single variables, discrete ones included, and the pairs that are none.
 *
 * @throws FormatError for files that are empty, truncated, damaged, or not the published ones.
 */
export async function readSuite(
  suite: PublishedSuite,
  read: ReadText,
): Promise<{ pairs: CausePair[]; excluded: { id: string; reason: string }[] }> {
  const pairs: CausePair[] = [];
  const excluded: { id: string; reason: string }[] = [];
  for (const meta of await readTruth(suite, read)) {
    const id = pairId(suite, meta.number);
    if (meta.columns === null) {
      excluded.push({ id, reason: 'a variable has several columns' });
      continue;
    }
    const { text, path } = await read(pairFile(suite, meta.number));
    const { x, y } = suite.layout === 'anlsmn' ? readAnlsmnPair(text, path) : readPairColumns(text, path, meta.columns);
    if (suite.rows !== undefined && x.length !== suite.rows)
      throw new FormatError(`${path}: expected ${suite.rows} rows, got ${x.length}; the file is truncated or foreign`);
    pairs.push({ id, x, y, truth: meta.truth, weight: meta.weight });
  }
  const digest = await digestOf(pairs);
  if (suite.digest !== undefined && digest !== suite.digest) {
    throw new FormatError(
      `${suite.name}: expected the published numbers (SHA-256 ${suite.digest}), got others (${digest}): ` +
        'a file is damaged or of another version. Move the folder away and fetch the published one.',
    );
  }
  return { pairs, excluded };
}

/** The name of a pair in its suite. */
export function pairId({ name }: PublishedSuite, number: number): string {
  return `${name}/${number}`;
}

function readPairColumns(text: string, path: string, columns: readonly [number, number]) {
  const [x, y] = readColumns(text, path, columns) as [Float64Array, Float64Array];
  return { x, y };
}

async function readTruth(suite: PublishedSuite, read: ReadText): Promise<PairMeta[]> {
  const { text, path } = await read(truthFile(suite));
  const metas: PairMeta[] =
    suite.layout === 'mooij'
      ? readPairMeta(text, path)
      : readAnlsmnTruth(text, path).map((truth, i) => ({ number: i + 1, columns: [0, 1], truth, weight: 1 }));
  if (metas.length !== suite.count || metas.some(({ number }, i) => number !== i + 1)) {
    throw new FormatError(
      `${path}: expected a line for each of the pairs 1 to ${suite.count} in this order, got ${metas.length} lines; ` +
        'the file is truncated or foreign',
    );
  }
  return metas;
}

/** SHA-256 of x, y, truth and weight of all pairs as float64: of the numbers, so that line ends do not count. */
async function digestOf(pairs: readonly CausePair[]): Promise<string> {
  const numbers = pairs.flatMap(({ x, y, truth, weight }) => [x, y, Float64Array.of(truth === 'x->y' ? 1 : 0, weight)]);
  const all = new Float64Array(numbers.reduce((length, values) => length + values.length, 0));
  let at = 0;
  for (const values of numbers) {
    all.set(values, at);
    at += values.length;
  }
  return sha256(new Uint8Array(all.buffer));
}
