import type { NDArray, random } from '@forback/core';

/** What is drawn, and from where. */
export interface SampleOptions {
  /** The axis of the categories. Default: −1. */
  axis?: number;
  /** bool, broadcast to the logits: which categories are allowed. Forbidden ones are never drawn and get gradient 0. Default: all. */
  mask?: NDArray;
  /** One-hot vectors of the logits' shape to be used instead of a draw: for enumeration, replay, or one sample for several estimators. */
  sample?: NDArray;
}

/** Options of the estimators with one temperature. */
export interface EstimatorOptions extends SampleOptions {
  /** τ > 0 of the backward pass; what is drawn does not depend on it. A scalar array can be annealed inside `jit`. Default: 1. */
  temperature?: NDArray | number;
}

/** What an estimator returns: a tree, which `jit` and `vmap` can hand on. */
export interface Draw {
  /** One-hot vectors of the logits' shape and dtype, exactly 0 and 1. Their derivative is the estimator's. */
  sample: NDArray;
  /** The distribution that the sample came from, of the logits' shape. Its derivative is the ordinary one. */
  probs: NDArray;
}

/** The draw of a score-function estimator: nothing flows through its sample. */
export interface ScoreDraw extends Draw {
  /** log probability of each choice, in nats: the logits' shape without the category axis. */
  logProb: NDArray;
}

/**
 * The one signature of all estimators of ∇ E[f(D)], D ~ softmax(logits).
 *
 * The same key gives the same sample in every estimator, so that they can be compared on equal draws. `reinforce` has nothing
 * that a temperature could change, and ignores it.
 *
 * @param logits - floats of any shape; finite, or −Infinity where forbidden.
 * @param key - uint32 [2].
 */
export type Estimator = (logits: NDArray, key: random.Key, options?: EstimatorOptions) => Draw | ScoreDraw;
