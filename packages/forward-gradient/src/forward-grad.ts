import { ArgumentError, jvp, linearize, type NDArray, np, random, tree } from '@forback/core';
import { checkFunction, checkParameters, checkScalar } from './checks';
import { checkKind, randomTangent, type TangentKind } from './tangents';

/** Settings of a forward gradient. */
export interface ForwardGradOptions {
  /** Of the directions: uint32 [2]. Take another one for each step, such as `random.foldIn(key, step)`. */
  key: random.Key;
  /** How directions are drawn. Default: 'normal' (Baydin et al. 2022). 'rademacher' is cheaper and scatters less. */
  tangents?: TangentKind;
  /** Directions to average over; the relative error falls with their root. Default: 1 (the same). */
  samples?: number;
  /** Limits the directional derivative of each direction to ±clip. Default: none. */
  clip?: number;
  /** Which argument holds the parameters. Default: 0. */
  argnums?: number;
}

/** What `forwardValueAndGrad` gives. */
export interface ForwardGradient<Parameters> {
  readonly value: NDArray;
  /** The estimate, of the structure and shapes of the parameters. */
  readonly gradient: Parameters;
  /** ∇f · v for each direction, before clipping: [samples]. */
  readonly directional: NDArray;
}

type ParametersOf<Args extends unknown[], O> = O extends { argnums: infer N extends number } ? Args[N] : Args[0];

/**
 * An unbiased estimate of the gradient without a backward pass: (∇f · v) v for random directions v, averaged (Baydin et
 * al. 2022, section 3.3). One forward pass with tangents for each direction.
 *
 * For n parameters E‖g − ∇f‖² is (n + 1) ‖∇f‖² with normal and (n − 1) ‖∇f‖² with Rademacher directions, divided by
 * `samples`.
 *
 * @param loss - returns a float scalar.
 * @returns a function with the same arguments, giving the estimate.
 */
export function forwardGrad<Args extends unknown[], const O extends ForwardGradOptions>(
  loss: (...args: Args) => NDArray,
  options: O,
): (...args: Args) => ParametersOf<Args, O> {
  const run = forwardValueAndGrad(loss, options);
  return (...args) => run(...args).gradient;
}

/** The same with the value of the loss and the directional derivatives. */
export function forwardValueAndGrad<Args extends unknown[], const O extends ForwardGradOptions>(
  loss: (...args: Args) => NDArray,
  options: O,
): (...args: Args) => ForwardGradient<ParametersOf<Args, O>> {
  const where = 'forwardGrad';
  const { key, tangents = 'normal', samples = 1, clip, argnums = 0 } = options;
  checkFunction(where, 'the loss', loss);
  checkKind(where, tangents);
  if (!Number.isInteger(samples) || samples < 1) {
    throw new ArgumentError(`${where}: expected samples to be a whole number of 1 or more, got ${samples}`);
  }
  if (clip !== undefined && !(clip > 0)) throw new ArgumentError(`${where}: expected clip above 0, got ${clip}`);
  return (...args) => {
    const params = args[argnums] as ParametersOf<Args, O>;
    checkParameters(where, argnums, params);
    const f = (p: ParametersOf<Args, O>) => loss(...(args.with(argnums, p) as Args));
    const linear = samples === 1 ? null : linearize(f, params);
    const directional: NDArray[] = [];
    const total: { value: NDArray | null; gradient: ParametersOf<Args, O> | null } = { value: null, gradient: null };
    // One direction after the other, so that no more than one is kept.
    for (let i = 0; i < samples; i++) {
      const direction = randomTangent(random.foldIn(key, i), params, tangents);
      const [value, derivative] = linear ? [linear[0], linear[1](direction)] : jvp(f, [params], [direction]);
      checkScalar(where, value);
      directional.push(derivative);
      const weight = (clip === undefined ? derivative : np.clip(derivative, -clip, clip)).div(samples);
      const scaled = tree.map((x) => x.mul(weight).astype(x.dtype), direction);
      total.value = value;
      total.gradient = total.gradient === null ? scaled : tree.map((a, b) => a.add(b), total.gradient, scaled);
    }
    return {
      value: total.value as NDArray,
      gradient: total.gradient as ParametersOf<Args, O>,
      directional: np.stack(directional),
    };
  };
}

/** The value of a scalar function and its derivatives in some directions. */
export function directionalDerivatives<P>(
  f: (params: P) => NDArray,
  params: P,
  directions: readonly P[],
): [value: NDArray, derivatives: NDArray[]] {
  const [first] = directions;
  if (directions.length === 1) {
    const [value, derivative] = jvp(f, [params], [first as P]);
    return [value, [derivative]];
  }
  const [value, derivative] = linearize(f, params);
  return [value, directions.map((v) => derivative(v))];
}
