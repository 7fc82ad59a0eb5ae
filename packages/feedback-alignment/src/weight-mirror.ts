import { ArgumentError, type NDArray, random } from '@forback/core';
import type { Feedback } from './feedback';
import { checkOptions, runPass } from './feedback-grad';
import type { RuleOptions } from './rule';

/** Settings of a mirror step. */
export interface MirrorOptions extends RuleOptions {
  /** The feedback that the mirror changes; it has to be of `weightMirror`. */
  feedback: Feedback;
  /** Of the noise: uint32 [2], another one for each step. */
  key: random.Key;
  /** η_M. Default: 0.01 (released code of Akrout et al. 2019). */
  learningRate?: number;
  /** What Q loses in a step, as a share: Q ← (1 − decay) Q + ... Default: 0. */
  decay?: number;
  /** Noise is uniform on ±noise. Default: 0.05 (the same). */
  noise?: number;
  /** What follows the product, without its bias. Default: nothing, so that the mirror sees W itself. */
  activation?: (z: NDArray) => NDArray;
}

/**
 * One step of weight mirroring (Akrout et al. 2019): each layer alone gets noise ξ for its input, and
 * Q ← Q + η σ(Wξ) ξᵀ, summed over a batch of the size of the example's and, in a convolution, over positions, divided by
 * the size of the batch. As ξ has no mean and equal variances, Q grows towards W.
 *
 * @returns a function with the arguments of the loss, giving the new feedback. The loss is run to find its layers; the
 * values of the data do not count.
 */
export function mirrorFeedback<Args extends unknown[]>(
  loss: (...args: Args) => unknown,
  options: MirrorOptions & { hasAux?: boolean },
): (...args: Args) => Feedback {
  checkOptions('mirrorFeedback', loss, options);
  const { rule, feedback, key, learningRate = 0.01, decay = 0, noise = 0.05, activation = (z) => z } = options;
  if (rule.name !== 'weightMirror') {
    throw new ArgumentError(`mirrorFeedback: expected the rule weightMirror(key), got ${rule.name}`);
  }
  if (feedback === undefined) {
    throw new ArgumentError('mirrorFeedback: expected options.feedback to be what initFeedback gives, got undefined');
  }
  return (...args) => {
    const { pass } = runPass('mirrorFeedback', loss, options, args);
    const fixed = { ...feedback.fixed };
    for (const [i, layer] of pass.layers.entries()) {
      const { shape, dtype } = layer.input;
      const xi = random.uniform(random.foldIn(key, i), { shape, dtype, minval: -noise, maxval: noise });
      const response = layer.weightGradient(xi, activation(layer.apply(xi)));
      const step = response.mul(learningRate / (shape[0] ?? 1));
      const old = fixed[layer.path] as NDArray;
      fixed[layer.path] = (decay === 0 ? old : old.mul(1 - decay)).add(step);
    }
    return { ...feedback, fixed };
  };
}
