import { ArgumentError, type NDArray, nn, np, type random } from '@forback/core';

/** How well a layer likes what it sees. */
export interface Goodness {
  readonly name: string;
  /** Goodness of each example [n] from a layer's activities [n, ...units]. */
  of(activity: NDArray): NDArray;
  /** The goodness at which an example counts as real with probability 1/2, for a layer of so many units. */
  threshold(units: number): number;
}

/** Goodness of an input for each class, in one pass: no label in the input, no negatives. */
export interface ClassGoodness {
  readonly name: string;
  /** Parameters that belong to the goodness of a layer and learn with it; null where there are none. */
  init(key: random.Key, units: readonly number[], classes: number): unknown;
  /** Goodness of each example for each class [n, classes] from a layer's activities [n, ...units]. */
  ofClasses(activity: NDArray, params: unknown, classes: number): NDArray;
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

/**
 * G = ‖a‖₂, not squared; or ‖a‖₁, or ‖a‖∞ (Tosato et al. 2023, section 3).
 *
 * The derivative of ‖a‖₂ at a = 0 is taken as 0.
 *
 * @param options.order - 1, 2 or Infinity; default 2. @param options.threshold - default 3 (their released configuration).
 */
export function activityNorm(options: { order?: number; threshold?: number } = {}): Goodness {
  const { order = 2, threshold = 3 } = options;
  const norms = new Map<number, (a: NDArray, axes: number[]) => NDArray>([
    [1, (a, axes) => np.abs(a).sum(axes)],
    [2, (a, axes) => np.sqrt(np.maximum(np.square(a).sum(axes), 1e-24))],
    [Number.POSITIVE_INFINITY, (a, axes) => np.abs(a).max(axes)],
  ]);
  const norm = norms.get(order);
  if (norm === undefined) throw new ArgumentError(`activityNorm: expected order 1, 2 or Infinity, got ${order}`);
  return { name: `activityNorm${order}`, of: (a) => norm(a, unitAxes(a)), threshold: () => threshold };
}

/** The same measure with low values for real inputs: −G with threshold −θ (min-ssq of Hinton 2022, section 4). */
export function lowForReal(goodness: Goodness): Goodness {
  return {
    name: `lowForReal ${goodness.name}`,
    of: (activity) => goodness.of(activity).neg(),
    threshold: (units) => -goodness.threshold(units),
  };
}

/**
 * The units (or channels) of a layer in K groups of equal size, one for each class: G_k = mean a² over group k (CwC,
 * Papachristodoulou et al. 2024).
 *
 * The number of units, or of channels of a convolution, must be a multiple of K.
 */
export function channelGroups(): ClassGoodness {
  return {
    name: 'channelGroups',
    init(_key, units, classes) {
      if ((units[0] as number) % classes === 0) return null;
      throw new ArgumentError(
        `channelGroups: expected a number of units or channels that is a multiple of ${classes} classes, got ${units[0]}`,
      );
    },
    ofClasses(activity, _params, classes) {
      const groups = np.square(activity).reshape([activity.shape[0] as number, classes, -1]);
      return groups.mean(2);
    },
  };
}

/**
 * G = a · Mᵀ with a matrix M [units, classes] of each layer, which learns together with the layer (Mono-Forward, Gong et al.
 * 2025; implemented as the equation is usually stated, not checked against the paper's text).
 */
export function projectedClasses(): ClassGoodness {
  return {
    name: 'projectedClasses',
    init: (key, units, classes) =>
      nn.initializers.lecunNormal(key, [units.reduce((product, n) => product * n, 1), classes]),
    ofClasses: (activity, params) => activity.reshape([activity.shape[0] as number, -1]).matmul(params as NDArray),
  };
}
