import { ArgumentError, type NDArray, np } from '@forback/core';
import { checkExamples, type Examples } from '../train';
import { type EnsembleOptions, sharedUnits, unitEnsemble } from './ensembles';
import { hoyerSparsity } from './sparsity';

/** A network that shows its activities: a Forward-Forward network, with local or with end-to-end gradients, or `backpropagation`. */
export interface Observable<State> {
  readonly classes: number;
  /** Activities of each layer [n, ...units] for images with their labels. */
  activities(state: State, input: NDArray, labels: NDArray): NDArray[];
  predict(state: State, input: NDArray): NDArray;
}

/** What one layer makes of the classes. */
export interface LayerRepresentation {
  /** Mean Hoyer sparsity over the examples, 0 to 1. */
  sparsity: number;
  /** Mean activity of each unit for each class [classes][units]. */
  meanActivity: number[][];
  /** The ensemble of each class: indices of units. Empty for a class without examples. */
  ensembles: number[][];
  /** Shared units of each two ensembles, as a share of those in either [classes][classes]. */
  shared: number[][];
}

/** Settings of `representations`. */
export interface RepresentationOptions extends EnsembleOptions {
  /** Uses only the examples that the network gets right, as published. Default: true. A class held out of training needs false. */
  correctOnly?: boolean;
}

/**
 * Sparsity, ensembles and shared units of every layer (Tosato et al. 2023): compare FF, BP/FF (`gradients: 'endToEnd'`) and
 * BP (`backpropagation`) of the same layers. For a class held out of training, train on `withoutClass(data, k)` and look at
 * the ensemble of class k here.
 */
export function representations<State>(
  model: Observable<State>,
  state: State,
  data: Examples,
  options: RepresentationOptions = {},
): LayerRepresentation[] {
  checkExamples('representations', model.classes, data);
  const { correctOnly = true } = options;
  const labels = data.labels.dataSync();
  const predicted = correctOnly ? model.predict(state, data.images).dataSync() : labels;
  const rows = [...labels.keys()].filter((i) => predicted[i] === labels[i]);
  if (rows.length === 0) {
    throw new ArgumentError('representations: the network gets no example right; look at all with correctOnly: false');
  }
  const chosen = { images: np.take(data.images, rows), labels: np.take(data.labels, rows) };
  const classRows = Array.from({ length: model.classes }, (_, k) =>
    rows.flatMap((row, i) => (labels[row] === k ? [i] : [])),
  );
  return model.activities(state, chosen.images, chosen.labels).map((activity) => {
    const flat = activity.reshape([rows.length, -1]);
    const ofClass = classRows.map((own) => (own.length === 0 ? null : np.take(flat, own)));
    const ensembles = ofClass.map((own) => (own === null ? [] : unitEnsemble(own, options)));
    return {
      sparsity: hoyerSparsity(flat).mean().item(),
      meanActivity: ofClass.map((own) =>
        own === null ? new Array<number>(flat.shape[1] as number).fill(0) : [...own.mean(0).dataSync()],
      ),
      ensembles,
      shared: sharedUnits(ensembles),
    };
  });
}

/** The examples of all classes but one. */
export function withoutClass({ images, labels }: Examples, held: number): Examples {
  const rows = [...labels.dataSync()].flatMap((label, i) => (label === held ? [] : [i]));
  if (rows.length === 0) throw new ArgumentError(`withoutClass: there are only examples of class ${held}`);
  return { images: np.take(images, rows), labels: np.take(labels, rows) };
}
