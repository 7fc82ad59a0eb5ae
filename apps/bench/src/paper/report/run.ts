import type { RowReport } from '../judge';

/** A run of the command: what was asked, and every row. */
export interface PaperRun {
  readonly quick: boolean;
  readonly rows: readonly RowReport[];
  /** Packages and their versions. */
  readonly versions: Readonly<Record<string, string>>;
  /** Where the results come from, in words: machines and Nodes. */
  readonly origins: readonly string[];
  /** Of the repository, when the results were computed. */
  readonly commits: readonly string[];
  /** Time that the runs behind the rows took, one after the other. */
  readonly seconds: number;
  /** Results that were there from an earlier run. */
  readonly reused: number;
  /** False if it was stopped before the last job. */
  readonly complete: boolean;
}

/** What stands above every report. */
export function describeRun({ quick, versions, origins, commits, seconds, reused }: PaperRun): string[] {
  return [
    Object.values(versions).join('; ') + (quick ? '; QUICK settings: not for publication' : ''),
    ...origins.map((origin) => `on ${origin}`),
    ...(commits.length === 0 ? [] : [`commits: ${commits.join(', ')}`]),
    `${duration(seconds)} of work${reused === 0 ? '' : `; ${reused} result${reused === 1 ? '' : 's'} from earlier runs (--fresh computes again)`}`,
  ];
}

export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
