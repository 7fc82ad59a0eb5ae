import type { BenchCase } from '../cases/case';
import type { Command } from './participant-process';

/** Somebody who takes part in the comparison. */
export interface Contestant {
  readonly name: string;
  readonly command: Command;
  readonly threads: number;
  readonly options: Readonly<Record<string, unknown>>;
  /** Takes part only in cases that name it. */
  readonly variantOfOurs?: boolean;
  /** Why it does not take part in a case, or null. */
  readonly sitsOut?: (benchCase: BenchCase) => string | null;
}

export interface Missing {
  readonly name: string;
  /** What to do about it. */
  readonly remedy: string;
}

export interface Roster {
  readonly ours: Contestant;
  readonly peers: readonly Contestant[];
  readonly missing: readonly Missing[];
}
