import { type NDArray, np } from '@forback/core';

/** How well a layer likes what it sees. */
export interface Goodness {
  readonly name: string;
  /** Goodness of each example [n] from a layer's activities [n, ...units]. */
  of(activity: NDArray): NDArray;
  /** The goodness at which an example counts as real with probability 1/2, for a layer of so many units. */
  threshold(units: number): number;
}

function unitAxes(activity: NDArray): number[] {
  return activity.shape.slice(1).map((_, i) => i + 1);
}

/**
 * G = Σ a², with the threshold at one per unit (Hinton 2022, section 2; the released script puts it at the layer's width).
 *
 * @param options.thresholdPerUnit - default 1.
 */
export function sumOfSquares(options: { thresholdPerUnit?: number } = {}): Goodness {
  const { thresholdPerUnit = 1 } = options;
  return {
    name: 'sumOfSquares',
    of: (activity) => np.square(activity).sum(unitAxes(activity)),
    threshold: (units) => thresholdPerUnit * units,
  };
}

/**
 * G = mean a².
 *
 * @param options.threshold - default 1. The logistic loss sees differences of 1/units of those of `sumOfSquares`.
 */
export function meanOfSquares(options: { threshold?: number } = {}): Goodness {
  const { threshold = 1 } = options;
  return {
    name: 'meanOfSquares',
    of: (activity) => np.square(activity).mean(unitAxes(activity)),
    threshold: () => threshold,
  };
}
