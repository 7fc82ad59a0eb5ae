import type { DType } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { array, zerosLike } from '../numpy/creation';
import { expm1 } from '../numpy/elementwise';
import { map } from '../tree/tree';
import { mapLeaves } from './map-leaves';
import type { ParamsTree } from './transform';

/** Each call makes arrays of its own: one array in two places of a state could not be donated. */
export function zerosFor(params: ParamsTree): ParamsTree {
  return map((p) => zerosLike(p), params);
}

/** A step counter at 0. */
export function zeroCount(): NDArray {
  return array(0, { dtype: 'int32' });
}

/** decay · average + (1 − decay) · power of the gradient, leaf by leaf: an exponential moving average. */
export function follow(
  where: string,
  decay: number,
  gradients: ParamsTree,
  average: ParamsTree,
  power: 1 | 2,
): ParamsTree {
  return mapLeaves(where, { gradients, 'the state': average }, (g, a) =>
    a.mul(decay).add((power === 1 ? g : g.mul(g)).mul(1 - decay)),
  );
}

/**
 * 1 − decayᵗ, by which an average that started from zero has to be divided (Kingma and Ba 2015, section 3). Written as
 * −expm1(t log decay), which does not cancel in float32.
 */
export function biasCorrection(decay: number, t: NDArray): NDArray {
  return expm1(t.mul(Math.log(decay))).neg();
}

/** Remembers one value for each dtype. */
export function perDType<T>(make: (dtype: DType) => T): (dtype: DType) => T {
  const known = new Map<DType, T>();
  return (dtype) => {
    const value = known.get(dtype) ?? make(dtype);
    known.set(dtype, value);
    return value;
  };
}
