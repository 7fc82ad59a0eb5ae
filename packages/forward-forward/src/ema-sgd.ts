import { ArgumentError, type NDArray, np, type optim, tree } from '@forback/core';

export interface EmaSgdOptions {
  /** η; default 0.01. */
  learningRate?: number;
  /** Share of the old average in the new one; default 0.9. */
  momentum?: number;
  /** λ, for arrays of two or more axes (weights, not biases); default 0.001. */
  weightDecay?: number;
}

/**
 * Gradient descent on an averaged gradient: v ← m v + (1 − m) g, W ← W − η (v + λ W) (Hinton 2022, released script).
 *
 * The average is normalised: heavy-ball SGD takes the same steps with the learning rate divided by 1 / (1 − m).
 */
export function emaSgd(options: EmaSgdOptions = {}): optim.GradientTransform<{ average: unknown }> {
  const { learningRate = 0.01, momentum = 0.9, weightDecay = 0.001 } = options;
  if (!(learningRate >= 0)) throw new ArgumentError(`emaSgd: expected learningRate of 0 or more, got ${learningRate}`);
  if (!(momentum >= 0 && momentum < 1)) throw new ArgumentError(`emaSgd: expected momentum in [0, 1), got ${momentum}`);
  if (!(weightDecay >= 0)) throw new ArgumentError(`emaSgd: expected weightDecay of 0 or more, got ${weightDecay}`);
  return {
    init: (params) => ({ average: tree.map((x) => np.zerosLike(x), params) }),
    update(gradients, state, params) {
      const average = tree.map(
        (v, g) => v.mul(momentum).add((g as NDArray).mul(1 - momentum)),
        state.average,
        gradients,
      );
      const step = (v: NDArray, w: NDArray) => (w.ndim > 1 ? v.add(w.mul(weightDecay)) : v).mul(-learningRate);
      const updates = tree.map((v, w) => step(v, w as NDArray), average, params);
      return [updates as typeof gradients, { average }];
    },
  };
}
