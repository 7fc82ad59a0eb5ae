import { checkedWeights, isRight, type ScoredPair, sum } from './scored-pair';

/** A point of a decision-rate curve. */
export interface DecisionRatePoint {
  /** Share of the pairs that are decided: those with the largest |score|. By weight where the curve is weighted. */
  readonly rate: number;
  /** Accuracy on these pairs, by weight where the curve is weighted. */
  readonly accuracy: number;
  /** |score| of the last of them. */
  readonly threshold: number;
}

/**
 * Which area under the decision-rate curve. All three agree where the weights are equal.
 *
 * - `loci`: the accuracies are weighted, their mean over ranks is not (LOCI's benchmark).
 * - `weighted`: the mean is weighted too (SkewD's). It can differ by some points: name the definition beside the figure.
 * - `unweighted`: no weights.
 */
export type AudrcDefinition = 'loci' | 'weighted' | 'unweighted';

/**
 * Accuracy against the share of pairs that are decided, when those with the largest |score| are decided first: one point
 * for each pair. Failures (NaN) come last and are wrong; equal |score| keep the order of the list.
 *
 * @throws ArgumentError for no pairs.
 */
export function decisionRateCurve(
  pairs: readonly ScoredPair[],
  { weighted = true }: { readonly weighted?: boolean } = {},
): DecisionRatePoint[] {
  return ranked('decisionRateCurve', pairs, weighted).map(({ rate, accuracy, threshold }) => ({
    rate,
    accuracy,
    threshold,
  }));
}

/**
 * Area under the decision-rate curve, from 0 to 1: the mean of the accuracies at all ranks. 1 where every decision is
 * right, and the higher the more the mistakes are where |score| is small.
 *
 * @throws ArgumentError for no pairs.
 */
export function audrc(
  pairs: readonly ScoredPair[],
  { definition = 'loci' }: { readonly definition?: AudrcDefinition } = {},
): number {
  const points = ranked('audrc', pairs, definition !== 'unweighted');
  const weights = points.map(({ weight }) => (definition === 'weighted' ? weight : 1));
  return sum(points.map(({ accuracy }, i) => accuracy * (weights[i] as number))) / sum(weights);
}

function ranked(where: string, pairs: readonly ScoredPair[], weighted: boolean) {
  const given = checkedWeights(where, pairs);
  const size = ({ score }: ScoredPair) => (Number.isNaN(score) ? -1 : Math.abs(score));
  const order = pairs
    .map((pair, i) => ({ pair, weight: weighted ? (given[i] as number) : 1 }))
    .sort((a, b) => size(b.pair) - size(a.pair) || 0);
  const total = sum(order.map(({ weight }) => weight));
  let decided = 0;
  let right = 0;
  return order.map(({ pair, weight }) => {
    decided += weight;
    right += isRight(pair) ? weight : 0;
    // Pairs of weight 0 in front have no accuracy of their own.
    const accuracy = decided === 0 ? Number(isRight(pair)) : right / decided;
    return { rate: decided / total, accuracy, threshold: Math.abs(pair.score), weight };
  });
}
