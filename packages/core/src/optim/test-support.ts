import type { NDArray } from '../array/ndarray';
import { array } from '../numpy/creation';
import { applyUpdates } from './apply-updates';
import type { GradientTransform } from './transform';

/** A double-precision scalar parameter: textbook recurrences are compared in plain numbers. */
export function double(value: number): NDArray {
  return array(value, { dtype: 'float64' });
}

/** The updates for a sequence of gradients of one scalar parameter, which is updated as it goes. */
export function updatesFor(transform: GradientTransform, gradients: readonly number[], start = 0): number[] {
  let params = double(start);
  let state = transform.init(params);
  return gradients.map((g) => {
    const [updates, next] = transform.update(double(g), state, params);
    state = next;
    params = applyUpdates(params, updates);
    return updates.item();
  });
}

/** The parameter after each update, with gradients that depend on it. */
export function descend(
  transform: GradientTransform,
  slope: (x: number) => number,
  start: number,
  steps: number,
): number[] {
  let params = double(start);
  let state = transform.init(params);
  return Array.from({ length: steps }, () => {
    const [updates, next] = transform.update(double(slope(params.item())), state, params);
    state = next;
    params = applyUpdates(params, updates);
    return params.item();
  });
}

/** Gradients of changing sign and size. */
export const gradients = [0.3, -1.2, 0.7, 2.5, 0, -0.4, 1e-3, -3, 0.9, 0.1, 1.7, -0.2];
