import { isFloating } from '../array/dtype';
import { NDArray } from '../array/ndarray';
import { showType } from '../array/shape';
import { ArgumentError, DTypeError } from '../errors';
import { namedPaths } from '../tree/tree';
import { type AnyFunction, checkArgnums, checkFunction, scalarLoss } from './arguments';
import { type VjpOptions, vjpCore } from './vjp';

export interface GradOptions extends VjpOptions {
  /** Which arguments to differentiate. A list gives a list of gradients. Default: 0. */
  argnums?: number | readonly number[];
  /** The function returns `[loss, aux]`; `aux` is a tree that is passed through. Default: false. */
  hasAux?: boolean;
}

type Argnums<O> = O extends { argnums: infer N } ? N : 0;

/** The gradient of the arguments that `argnums` names. */
export type GradientOf<Args extends unknown[], O> =
  Argnums<O> extends infer N
    ? N extends readonly number[]
      ? { -readonly [K in keyof N]: Args[N[K] & number] }
      : N extends number
        ? Args[N]
        : never
    : never;

type Aux<R> = R extends readonly [NDArray | number, infer A] ? A : never;

export type ValueAndGradResult<Args extends unknown[], R, O> = O extends { hasAux: true }
  ? [value: [loss: NDArray, aux: Aux<R>], gradient: GradientOf<Args, O>]
  : [value: NDArray, gradient: GradientOf<Args, O>];

export type GradResult<Args extends unknown[], R, O> = O extends { hasAux: true }
  ? [gradient: GradientOf<Args, O>, aux: Aux<R>]
  : GradientOf<Args, O>;

/**
 * A function that evaluates `f` and its gradient in one go.
 *
 * @param f - returns a float scalar, or `[scalar, aux]` with `hasAux`.
 * @returns a function with the same arguments, giving `[value, gradient]`, or `[[value, aux], gradient]` with `hasAux`.
 * The gradient has the structure, shapes and dtypes of the argument.
 * @throws ArgumentError if `f` does not return a scalar; DTypeError if an argument to differentiate holds integers.
 */
export function valueAndGrad<Args extends unknown[], R, const O extends GradOptions = Record<never, never>>(
  f: (...args: Args) => R,
  options?: O,
): (...args: Args) => ValueAndGradResult<Args, R, O> {
  const run = gradientFunction('valueAndGrad', f as AnyFunction, options ?? {});
  return (...args) => run(...args) as unknown as ValueAndGradResult<Args, R, O>;
}

/**
 * The gradient of a function that returns a float scalar: linearise forward, then transpose.
 *
 * @returns a function with the same arguments, giving the gradient (or `[gradient, aux]` with `hasAux`). The gradient has
 * the structure, shapes and dtypes of the argument that `argnums` names.
 * @throws ArgumentError if `f` does not return a scalar; DTypeError if an argument to differentiate holds integers.
 */
export function grad<Args extends unknown[], R, const O extends GradOptions = Record<never, never>>(
  f: (...args: Args) => R,
  options?: O,
): (...args: Args) => GradResult<Args, R, O> {
  const run = gradientFunction('grad', f as AnyFunction, options ?? {});
  return ((...args: Args) => {
    const [value, gradient] = run(...args);
    return options?.hasAux ? [gradient, (value as [NDArray, unknown])[1]] : gradient;
  }) as (...args: Args) => GradResult<Args, R, O>;
}

function gradientFunction(
  where: string,
  f: AnyFunction,
  options: GradOptions,
): (...args: unknown[]) => [value: unknown, gradient: unknown] {
  checkFunction(where, f);
  const argnums = options.argnums ?? 0;
  const positions = checkArgnums(where, argnums);
  return (...args) => {
    for (const index of positions) checkDifferentiable(where, args[index], index);
    const loss = (value: unknown) => scalarLoss(where, options.hasAux ? auxPair(where, value)[0] : value);
    const { result, output, pullback } = vjpCore(where, f, args, positions, loss, options);
    const value = output.leaves[0] as NDArray;
    const gradients = pullback([NDArray.scalar(1, value.dtype)]);
    const first = options.hasAux ? [value, (result as [unknown, unknown])[1]] : value;
    return [first, typeof argnums === 'number' ? gradients[0] : gradients];
  };
}

function auxPair(where: string, value: unknown): [unknown, unknown] {
  if (Array.isArray(value) && value.length === 2) return value as [unknown, unknown];
  const got = Array.isArray(value)
    ? `a list of ${value.length}`
    : value instanceof NDArray
      ? showType(value)
      : typeof value;
  throw new ArgumentError(`${where}: with hasAux the function must return [loss, aux], got ${got}`);
}

function checkDifferentiable(where: string, argument: unknown, index: number): void {
  for (const { path, leaf } of namedPaths(where, argument, `argument ${index}`)) {
    if (isFloating(leaf.dtype)) continue;
    throw new DTypeError(
      `${where}: ${path} is ${leaf.dtype}; only float arrays have a gradient. ` +
        'Convert it with astype, or choose other argnums.',
    );
  }
}
