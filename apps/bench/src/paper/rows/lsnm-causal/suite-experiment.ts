import { random } from '@forback/core';
import { type CausePairSuiteName, loadCausePairs } from '@forback/datasets';
import { type DirectionOptions, runSuite, type SuiteReport } from '@forback/lsnm-causal';
import type { RunContext } from '../../row';

/** A suite, and how much of it. */
export interface SuiteSettings {
  readonly suite: CausePairSuiteName;
  /** The first so many pairs; null: all. */
  readonly pairs: number | null;
  /** Rows at most for HSIC, which takes their square in time; null: all. */
  readonly maxRows: number | null;
}

/**
 * A method on the pairs of a suite. The seed decides which variable of each pair is x, the start of networks, and which
 * rows are taken.
 *
 * Throws where AN is decided against the truth throughout: then x and y, or the truth, have been exchanged on the way.
 */
export async function evaluateSuite(
  seed: number,
  { suite, pairs, maxRows }: SuiteSettings,
  options: DirectionOptions,
  { dataDir, signal, onProgress }: RunContext,
): Promise<SuiteReport> {
  const loaded = await loadCausePairs(suite, { dataDir, signal, shuffle: random.key(seed) });
  const report = await runSuite(loaded.pairs.slice(0, pairs ?? undefined), {
    ...options,
    ...(maxRows === null ? {} : { maxN: maxRows }),
    key: seed,
    signal,
    onProgress: ({ done, total }) => onProgress(done / total),
  });
  const [first] = report.failures;
  if (first !== undefined) throw new Error(`${report.failures.length} pairs failed, ${first.id}: ${first.reason}`);
  if (suite === 'AN' && report.metrics.accuracy === 0)
    throw new Error('AN: every pair is wrong; the orientation is lost');
  return report;
}

/** Figures of both rules in %, weighted as the suite says. */
export function bothRules({ byRule, rulesDisagree, outcomes }: SuiteReport): Record<BothRulesFigure, number> {
  const { likelihood, hsic } = byRule;
  return {
    likelihood: percent(likelihood?.weightedAccuracy),
    likelihoodAudrc: percent(likelihood?.audrc),
    hsic: percent(hsic?.weightedAccuracy),
    hsicAudrc: percent(hsic?.audrc),
    disagreement: percent(rulesDisagree.length / outcomes.length),
  };
}

/** Names of the figures of `bothRules`. */
export type BothRulesFigure = 'likelihood' | 'likelihoodAudrc' | 'hsic' | 'hsicAudrc' | 'disagreement';

/** In %. */
export function percent(share: number | undefined): number {
  return 100 * (share ?? Number.NaN);
}

/** Part of the names of experiments and rows. */
export function slug(suite: CausePairSuiteName): string {
  return suite.toLowerCase();
}
