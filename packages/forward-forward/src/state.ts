import { type NDArray, np, random } from '@forback/core';
import { headFeatures } from './learn';
import { forward } from './network';
import type { Settings } from './options';
import { type HeadParams, initHead } from './softmax-head';

/** A layer, and what its learning remembers. */
export interface LayerState {
  params: unknown;
  /** Parameters of the layer's goodness; null where it has none. */
  goodness: unknown;
  optimiser: unknown;
  /** Running mean activity of each unit, for peer normalisation. */
  meanActivity: NDArray;
}

/** All that training changes: a tree that `io.save` keeps and `step` takes up again with the same bits. */
export interface ForwardForwardState {
  /** Batches seen, int32. */
  step: NDArray;
  key: random.Key;
  layers: LayerState[];
  /** The softmax head; null without one. */
  head: { params: HeadParams; optimiser: unknown } | null;
}

export function initialState(settings: Settings, key: random.Key, example: NDArray): ForwardForwardState {
  const { layers, classes, objective, optimiser, headOptimiser } = settings;
  const [own, ...layerKeys] = random.split(key, layers.length + 1) as [random.Key, ...random.Key[]];
  const params = layers.map((layer, i) => layer.init(layerKeys[i] as random.Key));
  const activities = forward(settings, params, settings.overlay.writeNeutral(example.slice([0, 1])));
  const head = settings.head ? initHead(headFeatures(settings, activities).shape[1] as number, classes) : null;
  return {
    step: np.zeros([], { dtype: 'int32' }),
    key: own,
    layers: params.map((p, i) => {
      const units = (activities[i] as NDArray).shape.slice(1);
      const trained = { params: p, goodness: objective.init(random.foldIn(layerKeys[i] as random.Key, 1), units) };
      return { ...trained, optimiser: optimiser.init(trained), meanActivity: np.full(units, 0.5) };
    }),
    head: head && { params: head, optimiser: headOptimiser.init(head) },
  };
}
