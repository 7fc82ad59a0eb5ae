import type { NDArray, optim, random } from '@forback/core';
import { optim as transforms, tree } from '@forback/core';
import type { LayerSchedule } from './layer-schedule';

/** What a step saw, before it changed anything. NaN stands for what a method does not have or did not compute. */
export interface StepMetrics {
  /** Mean goodness of positive examples in each layer, as a multiple of the layer's threshold [layers]. */
  positiveGoodness: NDArray;
  /** The same for negative examples [layers]. */
  negativeGoodness: NDArray;
  /** Objective of each layer [layers]; 0 for layers that did not learn. */
  layerLoss: NDArray;
  /** Cross-entropy of the softmax head, in nats. */
  headLoss: NDArray;
  /** Share of the batch that the softmax head got wrong. */
  headError: NDArray;
}

/** Settings of one step. */
export interface StepOptions {
  /** Factor on the learning rates. Default: 1. */
  gain?: number;
  /** Indices of the layers that learn. Default: all. */
  active?: readonly number[];
}

/** Anything that `train` can train: pure functions of a state that is a tree of arrays. */
export interface Learner<State extends { step: NDArray }> {
  readonly classes: number;
  readonly schedule: LayerSchedule;
  readonly layerCount: number;
  /** Fresh parameters. `example` is a batch of any size: its shape is what counts. */
  init(key: random.Key, example: NDArray): State;
  /**
   * One batch of learning. The given state is consumed (donated); use the returned one.
   *
   * @param input - [n, ...] floats. @param labels - int32 [n].
   */
  step(state: State, input: NDArray, labels: NDArray, options?: StepOptions): [State, StepMetrics];
}

/** Anything that predicts labels from a state. */
export interface Classifier<State, Options> {
  readonly classes: number;
  /** The most likely labels, int32 [n]. */
  predict(state: State, input: NDArray, options?: Options): NDArray;
}

/** A gradient transform whose state nobody looks into. */
export type Optimiser = optim.GradientTransform<unknown>;

/** One update of `params`; the optimiser's step is multiplied by `gain`. */
export function descend<Params>(
  optimiser: Optimiser,
  params: Params,
  state: unknown,
  gradients: Params,
  gain: NDArray | number,
): { params: Params; optimiser: unknown } {
  const [updates, next] = optimiser.update(gradients, state, params);
  const scaled = tree.map((u) => u.mul(gain), updates);
  return { params: transforms.applyUpdates(params, scaled as Params), optimiser: next };
}
