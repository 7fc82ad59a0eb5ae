import { array, np } from '@forback/core';
import { applyScaling, noScaling, standardScaling, unitScaling } from '../input/scale';
import type { Settings } from '../settings';
import { absent, type Evidence } from './evidence';

/**
 * IGCI (Janzing et al. 2012) with the entropy estimate: after scaling to the reference (variance 1 for gaussian, [0, 1] for
 * uniform, nothing without `standardise`) the variable of higher entropy is the cause.
 */
export function igci(x: Float64Array, y: Float64Array, { reference, standardise }: Settings): Evidence {
  const toReference = reference === 'gaussian' ? standardScaling : unitScaling;
  const scaling = standardise ? toReference : () => noScaling;
  const entropy = (values: Float64Array) => spacingEntropy(applyScaling(values, scaling(values)));
  return fromScore(entropy(x) - entropy(y));
}

/**
 * The control that never sees both variables together: the variable whose sample is closer to a normal distribution is
 * called the cause, by the squared correlation of the sorted sample with normal quantiles (Shapiro and Francia 1972).
 */
export function marginalControl(x: Float64Array, y: Float64Array): Evidence {
  return fromScore(normality(x) - normality(y));
}

function fromScore(score: number): Evidence {
  return {
    score,
    terms: null,
    logLikelihood: absent,
    hsic: absent,
    pValue: absent,
    fits: null,
    warnings: [],
    milliseconds: { fit: 0, independence: 0 },
  };
}

/**
 * Σ ln(xᵢ₊₁ − xᵢ)/(n − 1) over the sorted sample, up to a term of n that both variables share. Spacings of ties add
 * nothing to the sum, as in the published programs: each counts as a spacing of 1 after scaling.
 */
function spacingEntropy(values: Float64Array): number {
  const sorted = values.slice().sort();
  let total = 0;
  for (let i = 1; i < sorted.length; i++) {
    const spacing = (sorted[i] as number) - (sorted[i - 1] as number);
    if (spacing > 0) total += Math.log(spacing);
  }
  return total / (sorted.length - 1);
}

/** Squared correlation of order statistics with their normal scores, at Blom's positions (i − 3/8)/(n + 1/4). */
function normality(values: Float64Array): number {
  const n = values.length;
  const sorted = applyScaling(values, standardScaling(values)).sort();
  const positions = Float64Array.from(sorted, (_, i) => (2 * (i + 0.625)) / (n + 0.25) - 1);
  const scores = np.erfInv(array(positions)).dataSync();
  let product = 0;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const score = scores[i] as number;
    product += score * (sorted[i] as number);
    squares += score * score;
  }
  return (product * product) / (squares * n);
}
