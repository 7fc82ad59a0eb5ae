import { ArgumentError } from '@forback/core';

/** Which layers learn at a step. */
export interface LayerSchedule {
  readonly name: string;
  /** Indices of the layers that are updated at `step` (from 0) of `steps` in all. */
  active(step: number, steps: number, layers: number): readonly number[];
}

/** Every layer learns from every batch (Hinton 2022). */
export function allLayers(): LayerSchedule {
  return { name: 'allLayers', active: (_step, _steps, layers) => Array.from({ length: layers }, (_, i) => i) };
}

/** One layer after the other, each for an equal share of the steps; the layers below are left as they are. */
export function layerByLayer(): LayerSchedule {
  return {
    name: 'layerByLayer',
    active: (step, steps, layers) => {
      if (steps < layers) throw new ArgumentError(`layerByLayer: ${steps} steps are too few for ${layers} layers`);
      return [Math.min(layers - 1, Math.floor((step * layers) / steps))];
    },
  };
}
