import { type NDArray, np } from '@forback/core';
import { forwardMask } from './forward-mask';
import { checkMatrix, type MatrixOptions } from './matrix';
import { type PatternLike, parsePattern } from './parse-pattern';

/**
 * The continuous N:M projection S of S-STE: in every group of M inputs the magnitudes lose that of the largest entry that is
 * not kept, S(w) = sign(w) (|w| − θ)₊. A weight is near 0 when it enters or leaves the mask. A short last group of at most
 * N entries loses nothing.
 *
 * Hu et al. 2024 (S-STE), for 2:4; here for any N:M.
 *
 * @param weight - float matrix, [outputs, inputs] unless `inputAxis` is 0.
 * @returns float, same shape: at most N non-zeros in a group.
 */
export function softThreshold(weight: NDArray, pattern: PatternLike, options: MatrixOptions = {}): NDArray {
  const { inputAxis = 1 } = options;
  checkMatrix('softThreshold', weight, inputAxis);
  const { n, m } = parsePattern('softThreshold', pattern);
  const mask = forwardMask(weight, { n, m }, { inputAxis });
  const dropped = np.where(mask, 0, np.abs(weight));
  const rows = inputAxis === 1 ? dropped : dropped.transpose();
  const [outputs, inputs] = rows.shape as [number, number];
  const groups = Math.ceil(inputs / m);
  const padded = np
    .pad(rows, [
      [0, 0],
      [0, groups * m - inputs],
    ])
    .reshape([outputs, groups, m]);
  const threshold = np.repeat(padded.max(2), m, 1).slice([0, outputs], [0, inputs]);
  const own = inputAxis === 1 ? threshold : threshold.transpose();
  const magnitude = np.maximum(np.abs(weight).sub(own), 0);
  return np.where(mask, np.where(weight.less(0), magnitude.neg(), magnitude), 0);
}

/**
 * The scale β = ⟨W, S⟩ / ⟨S, S⟩ that minimises ‖W − β S‖: S-STE computes it once, from the initial weights (Hu et al. 2024).
 *
 * @returns a float scalar; 1 where S is 0.
 */
export function softThresholdScale(weight: NDArray, projected: NDArray): NDArray {
  const square = np.square(projected).sum();
  return np.where(
    square.greater(0),
    weight
      .mul(projected)
      .sum()
      .div(np.where(square.greater(0), square, 1)),
    1,
  );
}
