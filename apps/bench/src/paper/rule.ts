import type { Published, Row } from './row';
import { type Summary, standardError } from './summary';

/** What makes a claim count as reproduced. */
export interface Rule {
  /** For the reader, such as "within 2 standard errors of the published value, or better". */
  readonly text: string;
  readonly needsPublished: boolean;
  /** It judges nothing, however many seeds there are. */
  readonly reportsOnly?: boolean;
  /** Null: nothing to judge, or too few seeds to. */
  holds(ours: Summary, row: Pick<Row, 'published' | 'better'>): boolean | null;
}

/**
 * |ours − published| ≤ k √(s² / n + s_p² / n_p), the standard errors of both means; the published one counts where its sd
 * and number of seeds are known. A better mean than the published one holds too, unless the row aims at a target.
 * Needs two seeds.
 */
export function withinStandardErrors(k: number): Rule {
  return {
    text: `within ${k} standard error${k === 1 ? '' : 's'} of the published value, or better`,
    needsPublished: true,
    holds(ours, { published, better }) {
      const own = standardError(ours);
      if (own === null || published === null) return null;
      const { sd = 0, seeds } = published;
      const theirs = seeds === undefined ? 0 : sd / Math.sqrt(seeds);
      return shortfall(ours.mean, published, better) <= k * Math.hypot(own, theirs);
    },
  };
}

/** |ours − published| ≤ tolerance in the unit of the row; or better, unless the row aims at a target. */
export function withinTolerance(tolerance: number): Rule {
  return {
    text: `within ${tolerance} of the published value, or better`,
    needsPublished: true,
    holds: (ours, { published, better }) =>
      published === null ? null : shortfall(ours.mean, published, better) <= tolerance,
  };
}

/** How much worse than published; below 0 where it is better. */
function shortfall(mean: number, { value }: Published, better: Row['better']): number {
  if (better === 'target') return Math.abs(mean - value);
  return better === 'lower' ? mean - value : value - mean;
}

/**
 * The mean is above `bound` by more than k standard errors: an ordering, where the row's value is a difference. With k = 0
 * one seed is enough.
 */
export function above(bound: number, options: { standardErrors?: number } = {}): Rule {
  return ordering('above', bound, options.standardErrors ?? 2, (mean) => mean - bound);
}

/** The mean is below `bound` by more than k standard errors. */
export function below(bound: number, options: { standardErrors?: number } = {}): Rule {
  return ordering('below', bound, options.standardErrors ?? 2, (mean) => bound - mean);
}

function ordering(side: string, bound: number, k: number, distance: (mean: number) => number): Rule {
  return {
    text: k === 0 ? `${side} ${bound}` : `${side} ${bound} by more than ${k} standard error${k === 1 ? '' : 's'}`,
    needsPublished: false,
    holds(ours) {
      const error = k === 0 ? 0 : standardError(ours);
      return error === null ? null : distance(ours.mean) > k * error;
    },
  };
}

/** A figure to know, with nothing that it could miss. */
export function reportOnly(): Rule {
  return { text: 'only reported', needsPublished: false, reportsOnly: true, holds: () => null };
}
