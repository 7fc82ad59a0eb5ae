import type { NDArray, random } from '@forback/core';
import type { GraphLayer } from './graph-layers';
import type { View } from './node-task';

/** Which nodes or pairs are being predicted. */
export type Part = 'validation' | 'test';

/** How layers on a graph learn one after the other: everything that `trainGraph` needs of a method. */
export interface GraphMethod<Task> {
  readonly name: string;
  readonly layers: readonly GraphLayer[];
  activation(preActivation: NDArray): NDArray;
  /** Refuses a task that does not fit; with `training`, also one that cannot be learnt from. */
  check(task: Task, training: boolean): void;
  /** The passes of a training step: a layer is applied to each. */
  trainingViews(task: Task, key: random.Key): View[];
  /** The passes of a prediction; null where they are those of training. */
  evaluationViews(task: Task, key: random.Key, part: Part): View[] | null;
  /** Objective of a layer from its outputs, one [nodes, units] for each training view. */
  loss(outputs: readonly NDArray[], task: Task): NDArray;
  /** What a layer says about the prediction; summed over layers. */
  scores(outputs: readonly NDArray[], task: Task, part: Part): NDArray;
  /** How good summed scores are; higher is better. */
  quality(scores: NDArray, task: Task, part: Part): number;
}
