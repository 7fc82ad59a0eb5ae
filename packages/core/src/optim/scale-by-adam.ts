import type { NDArray } from '../array/ndarray';
import { sqrt } from '../numpy/elementwise';
import { checkDecay, checkPositive } from './arguments';
import { mapLeaves } from './map-leaves';
import { biasCorrection, follow, perDType, zeroCount, zerosFor } from './moments';
import type { GradientTransform, ParamsTree } from './transform';

export interface AdamMoments {
  /** What the mean of the gradients keeps of itself. Default: 0.9 (Kingma and Ba 2015, algorithm 1). */
  beta1?: number;
  /** What the mean of their squares keeps of itself. Default: 0.999 (the same). */
  beta2?: number;
  /** Added to the root of the mean square. Default: 1e-8 (the same). */
  epsilon?: number;
}

export interface AdamState {
  /** Updates made so far, an int32 scalar. */
  count: NDArray;
  /** Moving average of the gradients. */
  mean: ParamsTree;
  /** Moving average of their squares. */
  meanSquare: ParamsTree;
}

export function checkMoments(where: string, options: AdamMoments): Required<AdamMoments> {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  checkDecay(where, 'beta1', beta1);
  checkDecay(where, 'beta2', beta2);
  checkPositive(where, 'epsilon', epsilon);
  return { beta1, beta2, epsilon };
}

export function initialMoments(params: ParamsTree): AdamState {
  return { count: zeroCount(), mean: zerosFor(params), meanSquare: zerosFor(params) };
}

/** The moments with one more gradient in them. */
export function nextMoments(
  where: string,
  gradients: ParamsTree,
  state: AdamState,
  options: Required<AdamMoments>,
): AdamState {
  return {
    count: state.count.add(1),
    mean: follow(where, options.beta1, gradients, state.mean, 1),
    meanSquare: follow(where, options.beta2, gradients, state.meanSquare, 2),
  };
}

/**
 * m̂ / (√v̂ + ε) with the bias-corrected moving averages m̂ = m / (1 − β₁ᵗ) of the gradients and v̂ = v / (1 − β₂ᵗ) of their
 * squares (Kingma and Ba 2015, algorithm 1).
 */
export function scaleByAdam(options: AdamMoments = {}): GradientTransform<AdamState> {
  const where = 'optim.scaleByAdam';
  const settings = checkMoments(where, options);
  return {
    init: initialMoments,
    update<Params>(gradients: Params, state: AdamState): [Params, AdamState] {
      const next = nextMoments(where, gradients, state, settings);
      const { count, mean, meanSquare } = next;
      const corrections = perDType((dtype) => {
        const t = count.astype(dtype);
        return [biasCorrection(settings.beta1, t), biasCorrection(settings.beta2, t)] as const;
      });
      const updates = mapLeaves<Params>(where, { mean, meanSquare }, (m, v) => {
        const [first, second] = corrections(m.dtype);
        return m.div(first).div(sqrt(v.div(second)).add(settings.epsilon));
      });
      return [updates, next];
    },
  };
}
