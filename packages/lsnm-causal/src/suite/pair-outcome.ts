import type { ScoredPair } from '../metrics/scored-pair';
import type { BothWays, Direction, DiscoveryWarning } from '../result';
import type { Stability } from './bootstrap';

/** What came of a pair: a line of a results file. Numbers that a method does not have are NaN. */
export interface PairOutcome extends ScoredPair {
  /** The pair's. */
  readonly id: string;
  /** Hash of the numbers of both variables: an outcome is taken up again only for the same data. */
  readonly data: string;
  readonly weight: number;
  /** Rows that were used. */
  readonly rows: number;
  readonly direction: Direction;
  /** By the rule of the options; score > 0 means x -> y. NaN where the pair failed. */
  readonly score: number;
  /** As in `DirectionResult`. */
  readonly confidence: number;
  /** Whether the sign of the score is right; a score of 0 and a failure are wrong. */
  readonly right: boolean;
  /** The score by either rule: log-likelihood x → y minus y → x, and HSIC y → x minus x → y. > 0 means x -> y. */
  readonly scores: { readonly likelihood: number; readonly hsic: number };
  /** As in `DirectionResult`. */
  readonly pValue: BothWays<number>;
  readonly warnings: readonly DiscoveryWarning['code'][];
  /** How often resampled rows give the same direction; null where nothing was resampled. */
  readonly stability: Stability | null;
  /** Why there is no score; null where there is one. */
  readonly failure: string | null;
  readonly milliseconds: number;
}

/** A failure counts as wrong. */
export function failedOutcome(
  pair: Pick<PairOutcome, 'id' | 'data' | 'truth' | 'weight' | 'rows'>,
  failure: string,
  milliseconds = 0,
): PairOutcome {
  const nothing = Number.NaN;
  return {
    ...pair,
    direction: 'undecided',
    score: nothing,
    confidence: nothing,
    right: false,
    scores: { likelihood: nothing, hsic: nothing },
    pValue: { forward: nothing, reverse: nothing },
    warnings: [],
    stability: null,
    failure,
    milliseconds,
  };
}
