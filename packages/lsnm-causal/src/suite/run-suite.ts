import { ArgumentError } from '@forback/core';
import { checkCount } from '../check';
import { readPair } from '../input/read-pair';
import { type BenchmarkMetrics, benchmarkMetrics } from '../metrics/benchmark-metrics';
import { checkedWeights } from '../metrics/scored-pair';
import type { DirectionOptions } from '../options';
import { resolveSettings } from '../settings';
import { dataHash } from './data-hash';
import { evaluatePair, type PlainPair } from './evaluate-pair';
import { openOutcomeFile } from './outcome-file';
import { failedOutcome, type PairOutcome } from './pair-outcome';
import type { SuitePair } from './suite-pair';
import { evaluateOnThreads } from './worker-pool';

/** How far a suite is. */
export interface SuiteProgress {
  /** Pairs that are done, those of an earlier run included. */
  readonly done: number;
  readonly total: number;
  /** The one that was done last; null at the start. */
  readonly outcome: PairOutcome | null;
}

/** Settings of `runSuite`: those of `discoverDirection`, for every pair, and these. */
export interface SuiteOptions extends Omit<DirectionOptions, 'onProgress'> {
  /**
   * Worker threads, in Node; elsewhere, and with 1, the pairs are done one after the other where `runSuite` is called.
   * The results are the same. Default: 1.
   */
  readonly threads?: number;
  /** Resamples for the stability of each direction (`directionStability`). Default: 0, none. */
  readonly bootstrap?: number;
  /**
   * Outcomes of an earlier run with the same options: their pairs are not done again where the data are the same. Those
   * that failed are.
   */
  readonly resume?: readonly PairOutcome[];
  /**
   * In Node: a file of JSON lines that keeps every outcome as soon as it is there. Where it exists, the run goes on from
   * it; a line that was cut off when a process ended counts as not done.
   */
  readonly file?: string;
  /** Called at the start and after each pair. */
  readonly onProgress?: (progress: SuiteProgress) => void;
}

/** What a method does on a suite. */
export interface SuiteReport {
  /** In the order of the pairs. */
  readonly outcomes: readonly PairOutcome[];
  /** Of the score of the options' rule. The sign of the score decides, whatever its confidence. */
  readonly metrics: BenchmarkMetrics;
  /** The same by either rule of the same fits; null where the method has no such score. */
  readonly byRule: { readonly likelihood: BenchmarkMetrics | null; readonly hsic: BenchmarkMetrics | null };
  /** Pairs without a score. They count as wrong. */
  readonly failures: readonly { readonly id: string; readonly reason: string }[];
  /** Pairs that the method would not call: no score, a score of 0, or a confidence below `minConfidence`. */
  readonly undecided: readonly string[];
  /** Pairs on which likelihood and HSIC disagree. */
  readonly rulesDisagree: readonly string[];
  /** Threads that worked. */
  readonly threads: number;
}

/**
 * `discoverDirection` on every pair of a benchmark, with accuracy, decision rate and ROC.
 *
 * A pair that fails does not stop the others: it counts as wrong and is listed. With the same pairs and options the
 * outcomes are the same bits (times apart), on any number of threads and after any number of interruptions.
 *
 * @param pairs with unique ids. Names of columns are never seen by a method.
 * @throws ArgumentError for options out of range, no pairs, or two pairs of one id; FormatError for a file of another run;
 *   the signal's reason when aborted. What was done until then is in the file, and was given to `onProgress`.
 */
export async function runSuite(pairs: readonly SuitePair[], options: SuiteOptions = {}): Promise<SuiteReport> {
  const where = 'runSuite';
  const { threads = 1, bootstrap = 0, resume = [], file, onProgress, ...direction } = options;
  checkCount(where, 'threads', threads, 1);
  checkCount(where, 'bootstrap', bootstrap, 0);
  const { key } = resolveSettings(where, direction);
  const settings: DirectionOptions = { ...direction, key };
  const prepared = preparePairs(where, pairs);
  direction.signal?.throwIfAborted();

  const outcomes = new Map<string, PairOutcome>();
  const known = new Map(prepared.map((pair) => [pair.id, pair]));
  const takeUp = (earlier: readonly PairOutcome[]) => {
    for (const outcome of earlier) {
      const pair = known.get(outcome.id);
      if (outcome.failure !== null) continue;
      if (pair?.data === outcome.data && pair.truth === outcome.truth && pair.weight === outcome.weight)
        outcomes.set(outcome.id, outcome);
    }
  };
  takeUp(resume);
  const kept = file === undefined ? null : await openOutcomeFile(where, file, settings, bootstrap);
  takeUp(kept?.outcomes ?? []);
  const finish = async (outcome: PairOutcome) => {
    outcomes.set(outcome.id, outcome);
    await kept?.add(outcome);
    onProgress?.({ done: outcomes.size, total: pairs.length, outcome });
  };

  onProgress?.({ done: outcomes.size, total: pairs.length, outcome: null });
  for (const pair of prepared) {
    if (pair.unreadable === null || outcomes.has(pair.id)) continue;
    await finish(failedOutcome({ ...pair, rows: 0 }, pair.unreadable));
  }
  const waiting = prepared.filter(({ id }) => !outcomes.has(id));
  const worked =
    threads === 1 || waiting.length < 2
      ? 0
      : await evaluateOnThreads(waiting, settings, bootstrap, Math.min(threads, waiting.length), finish);
  for (const pair of waiting) {
    if (!outcomes.has(pair.id)) await finish(await evaluatePair(pair, settings, bootstrap));
  }
  return report(
    prepared.map(({ id }) => outcomes.get(id) as PairOutcome),
    Math.max(worked, 1),
  );
}

/** Figures of outcomes, such as those of a results file. */
function report(outcomes: readonly PairOutcome[], threads: number): SuiteReport {
  const byRule = (rule: 'likelihood' | 'hsic') => {
    const scored = outcomes.map((outcome) => ({ ...outcome, score: outcome.scores[rule] }));
    return scored.some(({ score }) => !Number.isNaN(score)) ? benchmarkMetrics(scored) : null;
  };
  return {
    outcomes,
    metrics: benchmarkMetrics(outcomes),
    byRule: { likelihood: byRule('likelihood'), hsic: byRule('hsic') },
    failures: outcomes.flatMap(({ id, failure }) => (failure === null ? [] : [{ id, reason: failure }])),
    undecided: outcomes.filter(({ direction }) => direction === 'undecided').map(({ id }) => id),
    rulesDisagree: outcomes.filter(({ scores }) => scores.likelihood * scores.hsic < 0).map(({ id }) => id),
    threads,
  };
}

/** Pairs in plain arrays; `unreadable` says why one has no numbers to look at. */
function preparePairs(
  where: string,
  pairs: readonly SuitePair[],
): (PlainPair & { readonly unreadable: string | null })[] {
  checkedWeights(
    where,
    pairs.map(({ truth, weight }) => ({ truth, score: 0, weight })),
  );
  const seen = new Set<string>();
  return pairs.map(({ id, x, y, truth, weight = 1 }) => {
    if (seen.has(id))
      throw new ArgumentError(`${where}: expected every pair to have an id of its own, got two of "${id}"`);
    seen.add(id);
    try {
      const { x: a, y: b } = readPair(`${where}, pair ${id}`, x, y);
      return { id, data: dataHash(a, b), x: a, y: b, truth, weight, unreadable: null };
    } catch (error) {
      const nothing = new Float64Array(0);
      const unreadable = error instanceof Error ? error.message : String(error);
      return { id, data: '', x: nothing, y: nothing, truth, weight, unreadable };
    }
  });
}
