import type { Verdict } from '../judge';
import type { Published } from '../row';
import type { PaperRun } from './run';

/** One row in the file that `--json` writes: a list of these. */
export interface JsonRow {
  readonly package: string;
  readonly row: string;
  readonly claim: string;
  /** Null where nothing was published that can be compared. */
  readonly published: number | null;
  readonly source: string;
  /** Null where there is no result. `sd` is null for a single seed; `seeds` is their number. */
  readonly ours: { readonly mean: number; readonly sd: number | null; readonly seeds: number } | null;
  readonly verdict: Verdict;
  /** The rule, or why it was not applied. */
  readonly reason: string;
  readonly publishedSd: number | null;
  /** How the published value is known. */
  readonly provenance: Published['tag'] | null;
  readonly unit: string;
  readonly better: 'higher' | 'lower' | 'target';
  readonly values: readonly { readonly seed: number; readonly value: number }[];
  readonly note: string | null;
  readonly command: string;
  readonly quick: boolean;
}

export function toJson(run: PaperRun): JsonRow[] {
  return run.rows.map(({ package: name, row, ours, verdict, reason, command }) => ({
    package: name,
    row: row.name,
    claim: row.claim,
    published: row.published?.value ?? null,
    source: row.source,
    ours: ours === null ? null : { mean: ours.mean, sd: ours.sd, seeds: ours.seeds },
    verdict,
    reason,
    publishedSd: row.published?.sd ?? null,
    provenance: row.published?.tag ?? null,
    unit: row.unit,
    better: row.better,
    values: ours?.values ?? [],
    note: row.note ?? null,
    command,
    quick: run.quick,
  }));
}
