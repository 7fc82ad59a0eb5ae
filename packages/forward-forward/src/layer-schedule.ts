import { ArgumentError } from '@forback/core';

/** Which layers learn at a step. */
export interface LayerSchedule {
  readonly name: string;
  /** Indices of the layers that are updated at `step` (from 0) of `steps` in all. */
  active(step: number, steps: number, layers: number): readonly number[];
}

function indices(layers: number): number[] {
  return Array.from({ length: layers }, (_, i) => i);
}

/** Every layer learns from every batch (Hinton 2022). */
export function allLayers(): LayerSchedule {
  return { name: 'allLayers', active: (_step, _steps, layers) => indices(layers) };
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

/** Layers 0, 2, 4 ... learn at even steps, the others at odd ones, so that no layer learns while its input changes. */
export function alternating(): LayerSchedule {
  return {
    name: 'alternating',
    active: (step, _steps, layers) => (layers === 1 ? [0] : indices(layers).filter((i) => i % 2 === step % 2)),
  };
}
