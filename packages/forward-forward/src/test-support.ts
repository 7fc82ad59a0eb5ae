import { array, np, type optim, random, tree } from '@forback/core';
import type { Examples } from './train';

/** Noisy copies of one random pattern for each of 4 classes, with room for the label in front: [n, 36]. */
export function patterns(n: number, seed: number, noise = 0.15): Examples {
  const prototypes = random.uniform(random.key(99), { shape: [4, 32] });
  const labels = np.mod(np.arange(n), 4);
  const pixels = np.take(prototypes, labels).add(random.normal(random.key(seed), { shape: [n, 32] }).mul(noise));
  return { images: np.concatenate([np.zeros([n, 4]), pixels], 1), labels };
}

/** Takes the raw negative gradient as the update, so that a step shows the gradient. */
export const rawGradient: optim.GradientTransform<unknown> = {
  init: () => ({}),
  update: (gradients, state) => [tree.map((g) => g.neg(), gradients), state],
};

/** A deep copy, since a step consumes its state. */
export function copy<T>(state: T): T {
  return tree.map((x) => array(x.dataSync(), { shape: x.shape, dtype: x.dtype }), state);
}
