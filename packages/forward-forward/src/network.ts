import type { NDArray } from '@forback/core';
import type { LocalLayer } from './dense-stack';
import type { Normalisation } from './normalisation';

/** Layers and what stands between them. */
export interface Network {
  readonly layers: readonly LocalLayer[];
  readonly activation: (preActivation: NDArray) => NDArray;
  readonly normalisation: Normalisation;
}

/** Activities of all layers for a network input; each layer sees the normalised output of the one below. */
export function forward(
  { layers, activation, normalisation }: Network,
  params: readonly unknown[],
  input: NDArray,
): NDArray[] {
  const activities: NDArray[] = [];
  let below = normalisation(input);
  layers.forEach((layer, i) => {
    const activity = activation(layer.apply(params[i], below));
    activities.push(activity);
    below = normalisation(activity);
  });
  return activities;
}
