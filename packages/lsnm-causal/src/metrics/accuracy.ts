import { checkedWeights, isRight, type ScoredPair, sum } from './scored-pair';

/** Whether pairs count by their weights. */
export interface WeightingOptions {
  /** Whether each pair counts by its weight; without, all count the same. Default: false. */
  readonly weighted?: boolean;
}

/**
 * Share of pairs (by number, or by weight) for which the sign of the score is right, from 0 to 1. A score of 0 and a
 * failure (NaN) count as wrong, as in LOCI's benchmark.
 *
 * @throws ArgumentError for no pairs.
 */
export function accuracy(pairs: readonly ScoredPair[], { weighted = false }: WeightingOptions = {}): number {
  const weights = checkedWeights('accuracy', pairs).map((weight) => (weighted ? weight : 1));
  return sum(pairs.map((pair, i) => (isRight(pair) ? (weights[i] as number) : 0))) / sum(weights);
}
