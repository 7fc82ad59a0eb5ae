import type { CaseResult } from '../measure/measure-case';
import type { Spread } from '../measure/statistics';
import { ourName, type Run } from './run';

/** One case in the file that `--json` writes: a list of these. */
export interface JsonCase {
  readonly case: string;
  readonly unit: string;
  /** Whether more of the unit is better. */
  readonly better: 'higher' | 'lower';
  /** The median, or null if the case failed. */
  readonly ours: number | null;
  /** Medians. */
  readonly peers: Readonly<Record<string, number>>;
  /** Ours over the peer in throughput: the median of the rounds. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly spread: {
    readonly values: Readonly<Record<string, Spread>>;
    readonly ratios: Readonly<Record<string, Spread>>;
  };
  /** Iterations of a sample, and samples. */
  readonly iterations: Readonly<Record<string, number>>;
  readonly rounds: Readonly<Record<string, number>>;
  /** In MB. */
  readonly peakMemory: Readonly<Record<string, number>>;
  readonly notRun: Readonly<Record<string, string>>;
  readonly failures: readonly string[];
  readonly meta: Readonly<Record<string, unknown>>;
}

export function toJson(run: Run): JsonCase[] {
  const missing = Object.fromEntries(run.missing.map(({ name, remedy }) => [name, remedy]));
  return run.results.map((r) => ({
    case: r.case.id,
    unit: r.case.metric.unit,
    better: r.case.metric.kind === 'rate' ? 'higher' : 'lower',
    ours: r.values[ourName]?.median ?? null,
    peers: medians(r, (name) => name !== ourName),
    ratios: Object.fromEntries(Object.entries(r.ratios).map(([name, ratio]) => [name, ratio.median])),
    spread: { values: r.values, ratios: r.ratios },
    iterations: r.iterations,
    rounds: r.rounds,
    peakMemory: r.peakMemory,
    notRun: r.notRun,
    failures: r.failures,
    meta: { ...run.meta, title: r.case.title, versions: r.versions, settings: r.settings, missing },
  }));
}

function medians({ values }: CaseResult, wanted: (name: string) => boolean): Record<string, number> {
  return Object.fromEntries(Object.entries(values).flatMap(([name, s]) => (wanted(name) ? [[name, s.median]] : [])));
}
