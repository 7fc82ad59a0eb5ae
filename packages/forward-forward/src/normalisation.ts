import { type NDArray, np } from '@forback/core';

/** Takes the length out of a layer's output, so that the next layer cannot read the goodness from it. */
export type Normalisation = (activity: NDArray) => NDArray;

function perExample(scale: (squares: NDArray, axes: number[]) => NDArray): Normalisation {
  return (activity) => {
    const axes = activity.shape.slice(1).map((_, i) => i + 1);
    return activity.mul(scale(np.square(activity), axes));
  };
}

/**
 * n = a / √(mean a² + ε), so that the mean square of each example is 1 (Hinton 2022, released script). A row of zeros
 * stays zero.
 */
export function meanSquareNormalisation(options: { epsilon?: number } = {}): Normalisation {
  const { epsilon = 1e-10 } = options;
  return perExample((squares, axes) => np.rsqrt(squares.mean(axes, { keepDims: true }).add(epsilon)));
}

/** n = a / √(Σ a² + ε), so that each example has length 1. */
export function lengthNormalisation(options: { epsilon?: number } = {}): Normalisation {
  const { epsilon = 1e-10 } = options;
  return perExample((squares, axes) => np.rsqrt(squares.sum(axes, { keepDims: true }).add(epsilon)));
}
