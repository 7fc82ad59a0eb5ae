import type { ConditionalFit } from '../estimators/conditional-fit';
import type { Scaling } from '../input/scale';
import type { BothWays, DiscoveryWarning } from '../result';

/** What a method finds in two columns. */
export interface Evidence {
  /** score > 0 means x -> y. */
  readonly score: number;
  /** One term a row: the variance of their mean is that of the score, to first order. Null where there are none. */
  readonly terms: Float64Array | null;
  readonly logLikelihood: BothWays<number>;
  readonly hsic: BothWays<number>;
  readonly pValue: BothWays<number>;
  /** The models, null where nothing was fitted, and how x and y were scaled for them. */
  readonly fits: { readonly both: BothWays<ConditionalFit>; readonly x: Scaling; readonly y: Scaling } | null;
  readonly warnings: readonly DiscoveryWarning[];
  readonly milliseconds: { readonly fit: number; readonly independence: number };
}

/** NaN both ways: the method has no such number. */
export const absent: BothWays<number> = { forward: Number.NaN, reverse: Number.NaN };

/** The first minus the second for each row: the terms of a score that is a difference. */
export function differences(first: Float64Array, second: Float64Array): Float64Array {
  return first.map((value, i) => value - (second[i] as number));
}
