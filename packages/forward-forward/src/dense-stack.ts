import { ArgumentError, type NDArray, nn } from '@forback/core';

/** A layer: from inputs to pre-activations. Any layer of `nn`, or one of your own. */
export interface LocalLayer<Params = unknown> {
  init(key: NDArray): Params;
  /** Pre-activations [n, ...units] of normalised inputs [n, ...]. */
  apply(params: Params, input: NDArray): NDArray;
}

/**
 * Fully connected layers of the given sizes with weights N(0, 1 / inputs) and zero biases (Hinton 2022, released script).
 *
 * @param sizes - inputs, then the units of each layer: `[784, 500, 500, 500]` makes three layers.
 */
export function denseStack(sizes: readonly number[]): LocalLayer[] {
  if (sizes.length < 2)
    throw new ArgumentError(`denseStack: expected inputs and at least one layer, got [${sizes.join(', ')}]`);
  return sizes.slice(1).map((units, i) => {
    const inputs = sizes[i] as number;
    const initializer: nn.Initializer = (key, shape) =>
      nn.initializers.normal(key, shape, { std: 1 / Math.sqrt(inputs) });
    return nn.dense({ in: inputs, out: units, init: initializer }) as LocalLayer;
  });
}
