import { isFloating } from '../array/dtype';
import { NDArray } from '../array/ndarray';
import { showType, sizeOf } from '../array/shape';
import { ArgumentError, DTypeError } from '../errors';
import { cast } from '../primitives/cast';
import { equal } from '../primitives/compare';
import { iota } from '../primitives/iota';
import { reshape } from '../primitives/reshape';
import { moveAxis } from '../primitives/transpose';
import { type MapLeaves, map } from '../tree/tree';
import { grad } from './grad';
import { jvp } from './jvp';
import { linearize } from './linearize';
import { vjp } from './vjp';
import { vmap } from './vmap';

interface ArgnumOption {
  /** The argument to differentiate: one array. Default: 0. */
  argnum?: number;
}

/** The identity matrix of the space of x, as directions [n, ...x.shape]. */
function basis(x: NDArray): NDArray {
  const n = sizeOf(x.shape);
  return reshape(cast(equal(iota([n, n], 0, 'int32'), iota([n, n], 1, 'int32')), x.dtype), [n, ...x.shape]);
}

function pickArray(where: string, args: readonly unknown[], argnum: number): NDArray {
  const x = args[argnum];
  if (!(x instanceof NDArray)) {
    throw new ArgumentError(
      `${where}: expected argument ${argnum} to be one array; for trees use jvp, vjp or linearize`,
    );
  }
  if (!isFloating(x.dtype))
    throw new DTypeError(`${where}: expected argument ${argnum} to be a float array, got ${showType(x)}`);
  return x;
}

function asFunctionOf<Args extends unknown[], R>(
  f: (...args: Args) => R,
  args: Args,
  argnum: number,
): (x: NDArray) => R {
  return (x) => f(...(args.map((value, i) => (i === argnum ? x : value)) as Args));
}

/**
 * The Jacobian, column by column in forward mode: good for few inputs and many outputs.
 *
 * @returns for each output leaf of shape S an array of shape [...S, ...x.shape].
 */
export function jacfwd<Args extends unknown[], R>(
  f: (...args: Args) => R,
  options: ArgnumOption = {},
): (...args: Args) => MapLeaves<R, NDArray> {
  const { argnum = 0 } = options;
  return (...args) => {
    const x = pickArray('jacfwd', args, argnum);
    const [, push] = linearize(asFunctionOf(f, args, argnum), x);
    const columns = vmap(push)(basis(x));
    return map((c) => {
      const rank = c.ndim - 1;
      return reshape(moveAxis(c, 0, rank), [...c.shape.slice(1), ...x.shape]);
    }, columns) as MapLeaves<R, NDArray>;
  };
}

/**
 * The Jacobian, row by row in reverse mode: good for few outputs and many inputs.
 *
 * @param f - returns one array of shape S.
 * @returns an array of shape [...S, ...x.shape].
 */
export function jacrev<Args extends unknown[]>(
  f: (...args: Args) => NDArray,
  options: ArgnumOption = {},
): (...args: Args) => NDArray {
  const { argnum = 0 } = options;
  return (...args) => {
    const x = pickArray('jacrev', args, argnum);
    const [y, pull] = vjp(asFunctionOf(f, args, argnum), [x]);
    if (!isFloating(y.dtype))
      throw new DTypeError(`jacrev: expected the function to return floats, got ${showType(y)}`);
    const rows = vmap((ct: NDArray) => pull(ct)[0])(basis(y));
    return reshape(rows, [...y.shape, ...x.shape]);
  };
}

/**
 * The matrix of second derivatives of a scalar function: forward over reverse.
 *
 * @returns an array of shape [...x.shape, ...x.shape].
 */
export function hessian<Args extends unknown[]>(
  f: (...args: Args) => NDArray,
  options: ArgnumOption = {},
): (...args: Args) => NDArray {
  const { argnum = 0 } = options;
  return (...args) => {
    const x = pickArray('hessian', args, argnum);
    return jacfwd(grad(asFunctionOf(f, args, argnum)) as (x: NDArray) => NDArray)(x) as NDArray;
  };
}

/**
 * The Hessian of a scalar function times a direction, without the Hessian (forward over reverse; Pearlmutter 1994).
 *
 * @param primals - the arguments of `f`; the first one (a tree) is differentiated.
 * @param direction - a tree like the first argument.
 */
export function hvp<P, Rest extends unknown[]>(
  f: (x: P, ...rest: Rest) => NDArray,
  primals: [P, ...Rest],
  direction: P,
): P {
  const [x, ...rest] = primals;
  const gradient = (p: P) => grad((q: P) => f(q, ...(rest as unknown as Rest)))(p) as P;
  return jvp(gradient, [x as P], [direction])[1];
}
