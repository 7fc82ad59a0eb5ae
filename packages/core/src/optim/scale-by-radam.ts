import type { NDArray } from '../array/ndarray';
import { where as choose, expm1, maximum, sqrt } from '../numpy/elementwise';
import { checkAtLeast } from './arguments';
import { mapLeaves } from './map-leaves';
import { biasCorrection, perDType } from './moments';
import { type AdamMoments, type AdamState, checkMoments, initialMoments, nextMoments } from './scale-by-adam';
import type { GradientTransform } from './transform';

export interface RadamMoments extends AdamMoments {
  /**
   * The length ρₜ of the average above which it is trusted. Default: 4 (Liu et al. 2020, algorithm 2); the authors'
   * program uses 5.
   */
  threshold?: number;
}

export function checkRadam(where: string, options: RadamMoments): Required<RadamMoments> {
  const { threshold = 4 } = options;
  checkAtLeast(where, 'threshold', threshold, 4);
  return { ...checkMoments(where, options), threshold };
}

/**
 * Rectified Adam: rₜ · m̂ / (√v̂ + ε) while ρₜ > threshold, and m̂ before that, in the first steps (Liu et al. 2020,
 * algorithm 2; its v̂ has no ε). With ρ∞ = 2 / (1 − β₂) − 1 and ρₜ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ), about t at first,
 * rₜ² = (ρₜ − 4)(ρₜ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρₜ).
 */
export function scaleByRadam(options: RadamMoments = {}): GradientTransform<AdamState> {
  const where = 'optim.scaleByRadam';
  const { threshold, ...settings } = checkRadam(where, options);
  const limit = 2 / (1 - settings.beta2) - 1;
  return {
    init: initialMoments,
    update<Params>(gradients: Params, state: AdamState): [Params, AdamState] {
      const next = nextMoments(where, gradients, state, settings);
      const { count, mean, meanSquare } = next;
      const terms = perDType((dtype) => {
        const t = count.astype(dtype);
        const length = averageLength(settings.beta2, t);
        return {
          first: biasCorrection(settings.beta1, t),
          second: biasCorrection(settings.beta2, t),
          trusted: length.greater(threshold),
          factor: rectification(limit, maximum(length, threshold)),
        };
      });
      const updates = mapLeaves<Params>(where, { mean, meanSquare }, (m, v) => {
        const { first, second, trusted, factor } = terms(m.dtype);
        const unbiased = m.div(first);
        // Never trusted; without this, derivatives would meet a factor that is NaN for some beta2.
        if (limit <= threshold) return unbiased;
        return choose(trusted, unbiased.mul(factor).div(sqrt(v.div(second)).add(settings.epsilon)), unbiased);
      });
      return [updates, next];
    },
  };
}

/** ρₜ = ρ∞ − 2 t βᵗ / (1 − βᵗ), rearranged: the two terms nearly cancel while t is small. */
function averageLength(beta: number, t: NDArray): NDArray {
  const rate = -Math.log(beta);
  const x = t.mul(rate);
  const direct = x.div(expm1(x)).neg().add(1);
  const square = x.mul(x);
  const series = x.mul(0.5).sub(
    square.mul(
      square
        .mul(square.mul(-1 / 30240).add(1 / 720))
        .mul(-1)
        .add(1 / 12),
    ),
  );
  const constant = 2 / (1 - beta) - 1 - 2 / rate;
  return choose(x.less(0.1), series, direct)
    .mul(2 / rate)
    .add(constant);
}

/** rₜ for ρₜ of 4 or more and ρ∞ above 4. */
function rectification(limit: number, length: NDArray): NDArray {
  const ratio = limit / ((limit - 4) * (limit - 2));
  return sqrt(length.sub(4).mul(length.sub(2)).div(length).mul(ratio));
}
