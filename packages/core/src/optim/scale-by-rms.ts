import { sqrt } from '../numpy/elementwise';
import { checkDecay, checkPositive } from './arguments';
import { mapLeaves } from './map-leaves';
import { follow, zerosFor } from './moments';
import type { GradientTransform, ParamsTree } from './transform';

export interface RmsOptions {
  /** What the mean square keeps of itself. Default: 0.9 (Hinton, lecture 6e of "Neural networks for machine learning", 2012). */
  decay?: number;
  /** Added to the root of the mean square. Default: 1e-8 (Optax; the lecture gives none). */
  epsilon?: number;
}

export interface RmsState {
  /** Moving average of the squared gradients, from zero on. */
  meanSquare: ParamsTree;
}

export function checkRms(where: string, options: RmsOptions): Required<RmsOptions> {
  const { decay = 0.9, epsilon = 1e-8 } = options;
  checkDecay(where, 'decay', decay);
  checkPositive(where, 'epsilon', epsilon);
  return { decay, epsilon };
}

/** g / (√v + ε) with v ← decay · v + (1 − decay) · g² (Hinton 2012, lecture 6e). */
export function scaleByRms(options: RmsOptions = {}): GradientTransform<RmsState> {
  const where = 'optim.scaleByRms';
  const { decay, epsilon } = checkRms(where, options);
  return {
    init: (params) => ({ meanSquare: zerosFor(params) }),
    update(gradients, state) {
      const meanSquare = follow(where, decay, gradients, state.meanSquare, 2);
      return [mapLeaves(where, { gradients, meanSquare }, (g, v) => g.div(sqrt(v).add(epsilon))), { meanSquare }];
    },
  };
}
