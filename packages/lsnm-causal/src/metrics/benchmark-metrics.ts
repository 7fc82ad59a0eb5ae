import { accuracy } from './accuracy';
import { auroc } from './auroc';
import { audrc } from './decision-rate';
import type { ScoredPair } from './scored-pair';

/** Every figure of a benchmark, from 0 to 1. Where all pairs weigh the same, weighted and unweighted agree. */
export interface BenchmarkMetrics {
  /** Share of pairs whose direction is right; ties and failures are wrong. */
  readonly accuracy: number;
  /** The same by weight: the figure of the Tübingen pairs. */
  readonly weightedAccuracy: number;
  /** LOCI's definition: weighted accuracies, unweighted mean over ranks. */
  readonly audrc: number;
  /** SkewD's definition: weighted accuracies, weighted mean. */
  readonly weightedAudrc: number;
  /** No weights. */
  readonly unweightedAudrc: number;
  /** Of the score as a test for x -> y; NaN where all pairs have the same direction. */
  readonly auroc: number;
  /** The same, pairs drawn by weight. */
  readonly weightedAuroc: number;
}

/**
 * Accuracy, area under the decision-rate curve and under the ROC curve, weighted and unweighted.
 *
 * @throws ArgumentError for no pairs.
 */
export function benchmarkMetrics(pairs: readonly ScoredPair[]): BenchmarkMetrics {
  return {
    accuracy: accuracy(pairs),
    weightedAccuracy: accuracy(pairs, { weighted: true }),
    audrc: audrc(pairs),
    weightedAudrc: audrc(pairs, { definition: 'weighted' }),
    unweightedAudrc: audrc(pairs, { definition: 'unweighted' }),
    auroc: auroc(pairs),
    weightedAuroc: auroc(pairs, { weighted: true }),
  };
}
