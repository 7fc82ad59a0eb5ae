import { type NDArray, np, tree } from '@forback/core';
import { hoyerSparsity } from './analysis/sparsity';
import type { ForwardForward } from './forward-forward';
import type { ForwardForwardState } from './state';
import { batchRows, checkExamples, type Examples } from './train';

/** One layer on a set of examples. */
export interface LayerReport {
  /** Share of examples that this layer's goodness alone gets wrong. */
  error: number;
  /** The same for the summed goodness of this layer and all below it. */
  errorUpTo: number;
  /** By how much this layer lowers `errorUpTo`: negative where adding the layer does harm. 0 for the first. */
  marginalContribution: number;
  /** Mean goodness with the true label, and over all wrong labels. */
  trueGoodness: number;
  wrongGoodness: number;
  /** Mean Hoyer sparsity of the activities with the true label, 0 to 1. */
  sparsity: number;
  /** Mean activity of a unit. */
  meanActivity: number;
  /** Euclidean length of all the layer's parameters together. */
  weightNorm: number;
}

/**
 * What each layer contributes, from a goodness scan over all labels. Call it from `onProgress` for curves by layer.
 *
 * @param options.batchSize - examples at a time. Default: 500.
 */
export function layerReport(
  model: ForwardForward,
  state: ForwardForwardState,
  data: Examples,
  options: { batchSize?: number } = {},
): LayerReport[] {
  const n = checkExamples('layerReport', model.classes, data);
  const totals = Array.from({ length: model.layerCount }, () => ({
    error: 0,
    errorUpTo: 0,
    trueGoodness: 0,
    wrongGoodness: 0,
    sparsity: 0,
    meanActivity: 0,
  }));
  for (const rows of batchRows('layerReport', n, options.batchSize ?? 500)) {
    const [images, labels] = [data.images.slice(rows), data.labels.slice(rows)];
    const goodness = model.layerGoodness(state, images);
    const upTo = np.cumsum(goodness, 0);
    const activities = model.activities(state, images, labels);
    totals.forEach((total, i) => {
      const own = goodness.at(i);
      const truth = np.takeAlongAxis(own, np.expandDims(labels, 1), 1).sum().item();
      const activity = activities[i] as NDArray;
      total.error += wrongLabels(own, labels);
      total.errorUpTo += wrongLabels(upTo.at(i), labels);
      total.trueGoodness += truth;
      total.wrongGoodness += (own.sum().item() - truth) / (model.classes - 1);
      total.sparsity += hoyerSparsity(activity).sum().item();
      total.meanActivity += activity.mean().item() * labels.size;
    });
  }
  return totals.map((total, i) => {
    const below = totals[i - 1];
    const mean = Object.fromEntries(Object.entries(total).map(([name, sum]) => [name, sum / n])) as typeof total;
    return {
      ...mean,
      marginalContribution: below ? (below.errorUpTo - total.errorUpTo) / n : 0,
      weightNorm: Math.sqrt(tree.reduce((sum, x) => sum + np.square(x).sum().item(), state.layers[i]?.params, 0)),
    };
  });
}

function wrongLabels(scores: NDArray, labels: NDArray): number {
  return np.notEqual(np.argmax(scores, 1), labels).sum().item();
}
