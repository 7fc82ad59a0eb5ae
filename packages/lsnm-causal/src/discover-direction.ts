import { NDArray, np, random } from '@forback/core';
import { inspect } from './input/inspect';
import { type Column, type Pair, type PairInput, readPair } from './input/read-pair';
import { compareFits } from './methods/compare-fits';
import type { Evidence } from './methods/evidence';
import { igci, marginalControl } from './methods/marginals';
import type { MethodContext } from './methods/method-context';
import { reci } from './methods/reci';
import type { DirectionOptions, MethodName } from './options';
import { Pacer } from './pacer';
import type { DirectionResult, DiscoveryWarning } from './result';
import { decidedResult, undecidedResult } from './results';
import { resolveSettings, type Settings } from './settings';

/**
 * Which of two variables causes the other, with the evidence: score > 0 means x -> y.
 *
 * Immer, Schultheiss, Vogt, Schölkopf, Bühlmann, Marx: *On the Identifiability and Estimation of Causal Location-Scale Noise
 * Models*, ICML 2023, and the baselines of `options.method`. Swapping x and y negates the score exactly.
 *
 * @param x values [n] of one variable; or both variables in one value: named columns, a CEPC row, rows of two numbers.
 * @param y values [n] of the other.
 * @throws ShapeError, DTypeError or ArgumentError for input that is not two columns of n finite numbers, and for options
 *   out of range. Data that are two such columns but decide nothing (constant, categorical, under 20 rows or
 *   fewer than a fit has functions) are `undecided` with a warning.
 */
export function discoverDirection(x: Column, y: Column, options?: DirectionOptions): Promise<DirectionResult>;
export function discoverDirection(pair: PairInput, options?: DirectionOptions): Promise<DirectionResult>;
export async function discoverDirection(
  first: Column | PairInput,
  second?: Column | DirectionOptions,
  third?: DirectionOptions,
): Promise<DirectionResult> {
  const where = 'discoverDirection';
  const isColumn =
    third !== undefined || Array.isArray(second) || ArrayBuffer.isView(second) || second instanceof NDArray;
  const pair = readPair(where, first, isColumn ? (second as Column) : undefined);
  return discover(where, pair, (isColumn ? third : (second as DirectionOptions | undefined)) ?? {});
}

/**
 * `discoverDirection` for each pair of a list, one after the other.
 *
 * @param pairs in any of the forms of one value; not rows of two numbers, which are one pair.
 * @throws as `discoverDirection`; the message says which pair.
 */
export async function discoverDirections(
  pairs: readonly PairInput[],
  options: DirectionOptions = {},
): Promise<DirectionResult[]> {
  const results: DirectionResult[] = [];
  for (const [i, pair] of pairs.entries()) {
    const where = `discoverDirections, pair ${i}`;
    results.push(await discover(where, readPair(where, pair), options));
  }
  return results;
}

async function discover(where: string, whole: Pair, options: DirectionOptions): Promise<DirectionResult> {
  const start = performance.now();
  const settings = resolveSettings(where, options);
  const pacer = new Pacer(options.signal);
  await pacer.pause();
  const context: MethodContext = {
    settings,
    async report(stage, direction, done) {
      options.onProgress?.({ stage, direction, done });
      await pacer.pause();
    },
  };
  const sampled = subsample(whole, settings);
  const { usable, warnings } = inspect(sampled.pair, settings);
  const all = [...sampled.warnings, ...warnings];
  const elapsed = () => performance.now() - start;
  if (!usable) return undecidedResult(sampled.pair, settings, all, elapsed());
  const { x, y } = sampled.pair;
  const methods: Record<MethodName, () => Evidence | Promise<Evidence>> = {
    loci: () => compareFits(x, y, context),
    anm: () => compareFits(x, y, context),
    roche: () => compareFits(x, y, context),
    reci: () => reci(x, y, context),
    igci: () => igci(x, y, settings),
    marginal: () => marginalControl(x, y),
  };
  const evidence = await methods[settings.method]();
  if (evidence.score === 0) {
    all.push({ code: 'no-difference', message: 'Both directions explain the data equally well.' });
  }
  return decidedResult(sampled.pair, settings, evidence, all, elapsed());
}

/** At most maxN rows, drawn without replacement and kept in their order. */
function subsample(pair: Pair, { maxN, key }: Settings): { pair: Pair; warnings: DiscoveryWarning[] } {
  const n = pair.x.length;
  if (n <= maxN) return { pair, warnings: [] };
  const chosen = np.sort(random.permutation(random.foldIn(key, 1), n).slice([0, maxN])).dataSync();
  const pick = (column: Float64Array) => Float64Array.from(chosen, (row) => column[row] as number);
  const message = `${maxN} of ${n} rows were sampled (maxN); another key gives other rows.`;
  return {
    pair: { x: pick(pair.x), y: pick(pair.y), names: pair.names },
    warnings: [{ code: 'subsampled', message }],
  };
}
