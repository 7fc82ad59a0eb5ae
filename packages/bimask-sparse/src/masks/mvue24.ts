import { ArgumentError, DTypeError, type NDArray, np, random } from '@forback/core';

/**
 * An unbiased 2:4 sample of least variance of an array: in each group of four along the last axis two entries are drawn
 * without replacement, the first with probabilities proportional to the magnitudes, the second proportional to those that
 * remain, and divided by their probabilities of being drawn. The mean over draws is x.
 *
 * Hu et al. 2024 (2:4 pre-training, MVUE), where it replaces Gᵀ in the gradient of the weights, Gᵀ X.
 *
 * @param x - float [..., 4 k].
 * @param key - uint32 [2].
 * @returns the same shape and dtype.
 */
export function mvue24(x: NDArray, key: random.Key): NDArray {
  if (x.dtype !== 'float32' && x.dtype !== 'float64') throw new DTypeError(`mvue24: expected floats, got ${x.dtype}`);
  const last = x.shape[x.ndim - 1] ?? 0;
  if (last === 0 || last % 4 !== 0) {
    throw new ArgumentError(
      `mvue24: expected a last axis of a multiple of 4, got shape [${x.shape.join(', ')}]; pad it`,
    );
  }
  const groups = x.reshape([x.shape.reduce((a, b) => a * b, 1) / 4, 4]);
  const magnitude = np.abs(groups).add(epsilon);
  const total = magnitude.sum(1, { keepDims: true });
  const [firstKey, secondKey] = random.split(key);
  const first = drawOne(magnitude, firstKey);
  const second = drawOne(np.where(first, 0, magnitude), secondKey);
  const drawn = np.logicalOr(first, second);
  return np.where(drawn, groups.div(inclusion(magnitude, total)), 0).reshape(x.shape);
}

/** Keeps the divisions finite; the authors' value, float32's machine epsilon. */
const epsilon = 1.19e-7;

/** Probability that each entry is among the two: p_i = t_i + a_i Σ_{j≠i} t_j / (S − a_j), with t = a / S. */
function inclusion(magnitude: NDArray, total: NDArray): NDArray {
  const share = magnitude.div(total);
  const ratio = share.div(np.maximum(total.sub(magnitude), epsilon));
  return share.add(magnitude.mul(ratio.sum(1, { keepDims: true }).sub(ratio)));
}

/** A bool [groups, 4] with one entry for each group, drawn in proportion to the magnitudes. */
function drawOne(magnitude: NDArray, key: random.Key): NDArray {
  const [groups] = magnitude.shape as [number, number];
  const upTo = np.cumsum(magnitude, 1);
  const total = upTo.slice([0, groups], [3, 4]);
  const target = random
    .uniform(key, { shape: [groups, 1] })
    .astype(magnitude.dtype)
    .mul(total);
  // The first place whose running sum exceeds the target, which rounding can make the total, and that can be drawn at all.
  const reached = np.logicalOr(upTo.greater(target), upTo.greaterEqual(total));
  const beyond = np.logicalAnd(reached, magnitude.greater(0));
  const before = np.cumsum(beyond.astype('int32'), 1);
  return np.logicalAnd(beyond, before.equal(1));
}
