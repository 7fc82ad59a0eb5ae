import { ArgumentError, grad, jvp, type NDArray, random, tree } from '@forback/core';
import { innerProduct, randomTangent } from './tangents';

/** Settings of `gradCheck`. */
export interface GradCheckOptions {
  /** Of the directions: uint32 [2]. Default: `random.key(0)`. */
  key?: random.Key;
  /** Random directions to try. Default: 3. */
  directions?: number;
  /** Step of the central difference. Default: 1e-5 for float64, 1e-2 for float32. */
  step?: number;
  /** Largest relative difference that passes. Default: 1e-6 for float64, 1e-2 for float32. */
  tolerance?: number;
}

/** Derivatives of a function in one direction, by three roads. */
export interface DirectionCheck {
  readonly forward: number;
  readonly reverse: number;
  readonly difference: number;
  /** Largest distance between them, relative to the largest of them and 10⁻³. */
  readonly error: number;
}

/**
 * Compares forward mode, reverse mode and central differences of a scalar function in random directions: three roads to
 * ⟨∇f, v⟩. Use float64; with float32 only gross mistakes show.
 *
 * @param f - of one tree of float arrays, smooth at the point.
 * @returns whether all directions agree, and the numbers.
 * @throws ArgumentError if `f` does not return a scalar or gives something that is not finite.
 */
export function gradCheck<P>(
  f: (params: P) => NDArray,
  params: P,
  options: GradCheckOptions = {},
): { ok: boolean; checks: DirectionCheck[] } {
  const leaves = tree.leaves(params);
  const double = leaves.every((x) => x.dtype === 'float64');
  const {
    key = random.key(0),
    directions = 3,
    step = double ? 1e-5 : 1e-2,
    tolerance = double ? 1e-6 : 1e-2,
  } = options;
  if (!Number.isInteger(directions) || directions < 1) {
    throw new ArgumentError(`gradCheck: expected directions to be a whole number of 1 or more, got ${directions}`);
  }
  if (!(step > 0)) throw new ArgumentError(`gradCheck: expected step above 0, got ${step}`);
  const gradient = grad(f)(params);
  const checks = Array.from({ length: directions }, (_, i): DirectionCheck => {
    const v = randomTangent(random.foldIn(key, i), params);
    const [value, derivative] = jvp(f, [params], [v]);
    if (!Number.isFinite(value.item()))
      throw new ArgumentError(`gradCheck: the function gives ${value.item()} at this point`);
    const at = (t: number) => f(tree.map((x, u) => x.add(u.mul(t)), params, v)).item();
    const numbers = {
      forward: derivative.item(),
      reverse: innerProduct(gradient, v).item(),
      difference: (at(step) - at(-step)) / (2 * step),
    };
    const all = Object.values(numbers);
    const scale = Math.max(1e-3, ...all.map(Math.abs));
    return { ...numbers, error: (Math.max(...all) - Math.min(...all)) / scale };
  });
  return { ok: checks.every(({ error }) => error <= tolerance), checks };
}
