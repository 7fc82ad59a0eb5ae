import { ArgumentError, type NDArray, np } from '@forback/core';

/**
 * Hoyer sparsity (√n − ‖a‖₁ / ‖a‖₂) / (√n − 1) of each example: 1 if a single unit is active, 0 if all are equally active
 * (Hoyer 2004; Tosato et al. 2023, section 3). A silent example has sparsity 1.
 *
 * @param activity - [n, ...units] with at least two units. @returns [n].
 */
export function hoyerSparsity(activity: NDArray): NDArray {
  const flat = activity.reshape([activity.shape[0] as number, -1]);
  const units = flat.shape[1] as number;
  if (units < 2) throw new ArgumentError(`hoyerSparsity: expected at least 2 units, got ${units}`);
  const l2 = np.sqrt(np.square(flat).sum(1));
  const ratio = np.where(l2.greater(0), np.abs(flat).sum(1).div(np.maximum(l2, 1e-30)), 1);
  return ratio
    .neg()
    .add(Math.sqrt(units))
    .div(Math.sqrt(units) - 1);
}
