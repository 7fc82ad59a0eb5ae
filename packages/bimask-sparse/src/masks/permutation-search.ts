import { ArgumentError, array, type NDArray, np, random, ShapeError } from '@forback/core';
import { ColumnCounts } from './column-counts';
import { checkInputAxis, checkMask, type MatrixOptions } from './matrix';
import { type PatternLike, parsePattern } from './parse-pattern';
import { checkPermutation } from './permutation';

/** How the permutation is looked for. */
export interface PermutationSearch extends MatrixOptions {
  /**
   * 'random' draws permutations and keeps the best, as the paper does. 'swap' climbs from the best start: it exchanges two
   * outputs of different groups wherever that keeps more. Default: 'swap', which keeps 1 to 8 points more.
   */
  search?: 'random' | 'swap';
  /** For 'random': how many are drawn. Default: 100 (README of the authors' code, --greedy_num). */
  candidates?: number;
  /** For 'swap': how many exchanges are tried. Default: 16 for each output. */
  swaps?: number;
  /** int32 [outputs]: is tried too, such as the permutation in use. */
  start?: NDArray | undefined;
}

/** What a search found. */
export interface FoundPermutation {
  /** int32 [outputs]. */
  readonly permutation: NDArray;
  /** Entries that the backward mask keeps with it: Σ over groups g and inputs c of min(N, count(g, c)). */
  readonly keptEntries: number;
  /** Column groups from which nothing is dropped; the metric of the paper, where the code counts entries. */
  readonly eligibleGroups: number;
}

/**
 * Looks for an order of the outputs with which the backward mask keeps much of the forward mask. Magnitudes do not count,
 * only where F is. The identity is always a candidate, so the result is never worse.
 *
 * Zhang et al. 2023 (Bi-Mask), with the score of the authors' code; the hill climb is ours.
 *
 * @param forward - F, bool matrix with known numbers (outside `jit`), [outputs, inputs] unless `inputAxis` is 0.
 * @param key - uint32 [2].
 */
export function searchPermutation(
  forward: NDArray,
  pattern: PatternLike,
  key: random.Key,
  options: PermutationSearch = {},
): FoundPermutation {
  const name = 'searchPermutation';
  const { search = 'swap', candidates = 100, start } = options;
  const { counts, outputs } = countsOf(name, forward, pattern, options.inputAxis);
  const { swaps = 16 * outputs } = options;
  checkSearch(name, { search, candidates, swaps });
  const identity = Int32Array.from({ length: outputs }, (_, i) => i);
  const starts = [identity];
  if (start !== undefined) {
    checkPermutation(name, start, outputs);
    starts.push(Int32Array.from(start.dataSync()));
  }
  if (search === 'random') {
    for (const own of random.split(key, candidates)) {
      starts.push(Int32Array.from(random.permutation(own, outputs).dataSync()));
    }
  }
  let best = identity;
  let most = -1;
  for (const candidate of starts) {
    const kept = counts.assign(candidate);
    if (kept > most) [best, most] = [candidate, kept];
  }
  counts.assign(best);
  if (search === 'swap' && outputs > 1) climb(counts, key, outputs, swaps);
  return {
    permutation: array(counts.permutation.slice()),
    keptEntries: counts.kept,
    eligibleGroups: counts.eligible(),
  };
}

/**
 * The entries that the backward mask keeps with a permutation, from the forward mask alone, and the column groups from
 * which it drops nothing.
 *
 * @param forward - F, bool matrix with known numbers, [outputs, inputs] unless `inputAxis` is 0.
 * @param options - `permutation`: int32 [outputs]; default: the outputs' own order.
 */
export function scorePermutation(
  forward: NDArray,
  pattern: PatternLike,
  options: MatrixOptions & { permutation?: NDArray } = {},
): Omit<FoundPermutation, 'permutation'> {
  const name = 'scorePermutation';
  const { counts, outputs } = countsOf(name, forward, pattern, options.inputAxis);
  const { permutation = np.arange(outputs) } = options;
  checkPermutation(name, permutation, outputs);
  counts.assign(Int32Array.from(permutation.dataSync()));
  return { keptEntries: counts.kept, eligibleGroups: counts.eligible() };
}

function climb(counts: ColumnCounts, key: random.Key, outputs: number, swaps: number): void {
  const draws = random.bits(key, [swaps, 2]).dataSync();
  const scale = outputs / 2 ** 32;
  for (let s = 0; s < swaps; s++) {
    const [a, b] = [(draws[2 * s] as number) * scale, (draws[2 * s + 1] as number) * scale];
    counts.swapIfBetter(Math.floor(a), Math.floor(b));
  }
}

function countsOf(name: string, forward: NDArray, pattern: PatternLike, inputAxis: 0 | 1 = 1) {
  checkMask(name, 'the forward mask', forward, forward?.shape ?? []);
  if (forward.ndim !== 2) {
    throw new ShapeError(`${name}: expected a matrix, got shape [${forward.shape.join(', ')}]`);
  }
  checkInputAxis(name, inputAxis);
  const rows = inputAxis === 1 ? forward : forward.transpose();
  const [outputs, inputs] = rows.shape as [number, number];
  const mask = Uint8Array.from(rows.dataSync());
  return { counts: new ColumnCounts(mask, outputs, inputs, parsePattern(name, pattern)), outputs };
}

/** @throws ArgumentError for settings of a search that are none. */
export function checkSearch(
  name: string,
  { search = 'swap', candidates = 0, swaps = 0 }: Pick<PermutationSearch, 'search' | 'candidates' | 'swaps'>,
): void {
  if (search !== 'random' && search !== 'swap') {
    throw new ArgumentError(`${name}: expected search to be 'random' or 'swap', got '${String(search)}'`);
  }
  checkWhole(name, 'candidates', candidates);
  checkWhole(name, 'swaps', swaps);
}

function checkWhole(name: string, what: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new ArgumentError(`${name}: expected ${what} to be a whole number of 0 or more, got ${String(value)}`);
}
