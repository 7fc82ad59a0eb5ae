import { ArgumentError } from '@forback/core';
import type { ForwardForward, PredictOptions } from './forward-forward';
import type { ForwardForwardState } from './state';
import { type Examples, errorRate, type TrainOptions, train } from './train';

/** Settings of `thresholdSweep`. */
export interface ThresholdSweepOptions {
  /** Thresholds to try, in any unit that `build` takes. */
  thresholds: readonly number[];
  /** The model with a threshold: `(t) => forwardForward({ ..., goodness: sumOfSquares({ thresholdPerUnit: t }) })`. */
  build: (threshold: number) => ForwardForward;
  /** To train on. */
  data: Examples;
  /** To compare by: never the test set. */
  validation: Examples;
  /** As for `train`, the same for every threshold. */
  training: Omit<TrainOptions<ForwardForwardState>, 'state'>;
  /** How to predict. Default: by the model's own default. */
  predict?: PredictOptions;
}

/**
 * The validation error for each threshold, in their order. Layer collaboration needs it: with the goodness of other layers in
 * the logit, the threshold of plain Forward-Forward is the wrong one. Stops early on `training.signal`.
 */
export async function thresholdSweep(options: ThresholdSweepOptions): Promise<{ threshold: number; error: number }[]> {
  const { thresholds, build, data, validation, training, predict = {} } = options;
  if (thresholds.length === 0) throw new ArgumentError('thresholdSweep: expected at least one threshold, got none');
  const results: { threshold: number; error: number }[] = [];
  for (const threshold of thresholds) {
    const model = build(threshold);
    const { state, finished } = await train(model, data, training);
    if (!finished) break;
    results.push({ threshold, error: errorRate(model, state, validation, predict) });
  }
  return results;
}
