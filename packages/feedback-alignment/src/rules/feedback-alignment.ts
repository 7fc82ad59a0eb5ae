import { nn, type random } from '@forback/core';
import type { FeedbackRule } from '../rule';
import { checkInit } from './check-init';
import { parameterKey } from './layer-key';

/** How feedback of the shape of the weights begins. */
export interface FeedbackInit {
  /**
   * 'tied' copies the weights; an initialiser draws from the key.
   * Default: `nn.initializers.glorotUniform`, the scale of BioTorch and of Ji-An and Benna 2024.
   */
  init?: nn.Initializer | 'tied';
}

/**
 * Feedback alignment: δ₍l−1₎ = (δ_l B_l) ⊙ f′ with fixed random B_l of the shape of W_l (Lillicrap et al. 2016). A weight
 * that is used several times has one B for all uses.
 *
 * @param key - uint32 [2]; keep it apart from the key of the weights.
 */
export function fa(key: random.Key, options: FeedbackInit = {}): FeedbackRule {
  return weightLike('fa', 'fixed', key, options);
}

/**
 * Kolen–Pollack: like feedback alignment, but Q_l gets the gradient of W_l, and with the same weight decay on both their
 * difference dies out (Kolen and Pollack 1994; Akrout et al. 2019). Train `feedback.learned` with the parameters. Needs
 * weight decay, and an optimiser without a scale for each number: not Adam.
 *
 * @param key - uint32 [2].
 */
export function kolenPollack(key: random.Key, options: FeedbackInit = {}): FeedbackRule {
  return {
    ...weightLike('kolenPollack', 'learned', key, options),
    learn: (layer, _pass, { gradient }) => [layer.path, gradient],
  };
}

/**
 * Weight mirror: like feedback alignment, but Q_l learns from noise how W_l responds, with `mirrorFeedback` (Akrout et al.
 * 2019). Gradients do not change Q, so it stands in `feedback.fixed`.
 *
 * @param key - uint32 [2].
 */
export function weightMirror(key: random.Key, options: FeedbackInit = {}): FeedbackRule {
  return weightLike('weightMirror', 'fixed', key, options);
}

function weightLike(
  name: string,
  part: 'fixed' | 'learned',
  key: random.Key,
  { init = nn.initializers.glorotUniform }: FeedbackInit,
): FeedbackRule {
  if (init !== 'tied') checkInit(name, init);
  const feedbackOf: NonNullable<FeedbackRule['compare']> = (layer, pass) => {
    const { weight, fans } = layer;
    const { shape, dtype } = weight;
    const make = () => (init === 'tied' ? weight : init(parameterKey(key, layer), shape, { dtype, ...fans }));
    return [pass[part](layer, layer.path, shape, make), weight];
  };
  return {
    name,
    sendBack: (layer, pass) => layer.through(feedbackOf(layer, pass)[0]),
    compare: feedbackOf,
  };
}
