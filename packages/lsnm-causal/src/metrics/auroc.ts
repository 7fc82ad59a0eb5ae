import type { WeightingOptions } from './accuracy';
import { checkedWeights, type ScoredPair, sum } from './scored-pair';

/**
 * Area under the ROC curve of the score as a test for x -> y, from 0 to 1: the probability that a pair whose truth is
 * x -> y has a larger score than one whose truth is y -> x, a tie counting half. Where weighted, pairs are drawn by weight.
 * A failure (NaN) ranks below all others where the truth is x -> y, and above where it is y -> x.
 *
 * NaN where all pairs have the same direction: shuffle which variable is x (`shuffleOrientation` of `@forback/datasets`).
 *
 * @throws ArgumentError for no pairs.
 */
export function auroc(pairs: readonly ScoredPair[], { weighted = false }: WeightingOptions = {}): number {
  const weights = checkedWeights('auroc', pairs);
  const ranked = pairs
    .map(({ truth, score }, i) => ({
      forward: truth === 'x->y',
      score: Number.isNaN(score) ? (truth === 'x->y' ? -Infinity : Infinity) : score,
      weight: weighted ? (weights[i] as number) : 1,
    }))
    .sort((a, b) => (a.score < b.score ? -1 : Number(a.score > b.score)));
  const of = (forward: boolean) => sum(ranked.map((pair) => (pair.forward === forward ? pair.weight : 0)));
  const everyCombination = of(true) * of(false);
  if (everyCombination === 0) return Number.NaN;
  let reverseBelow = 0;
  let area = 0;
  for (let start = 0; start < ranked.length; ) {
    let forward = 0;
    let reverse = 0;
    const { score } = ranked[start] as (typeof ranked)[number];
    for (; ranked[start]?.score === score; start++) {
      const pair = ranked[start] as (typeof ranked)[number];
      if (pair.forward) forward += pair.weight;
      else reverse += pair.weight;
    }
    area += forward * (reverseBelow + reverse / 2);
    reverseBelow += reverse;
  }
  return area / everyCombination;
}
