import { isFloating } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { range } from '../array/shape';
import { ArgumentError } from '../errors';
import { unflatten } from '../tree/tree';
import { type AnyFunction, checkFunction, flatFunction, flattenArguments, flattenMatching, zerosOf } from './arguments';
import { jvpFlat } from './jvp-flat';

/**
 * Forward mode: the value of `f` and its derivative in a direction, in one pass.
 *
 * @param primals - the arguments of `f`, trees of arrays.
 * @param tangents - a direction for each argument: same structure, shapes and dtypes.
 * @returns `[f(...primals), J · tangents]`, both of the structure of the result. Tangents of integer outputs are zeros.
 * @throws TreeError, DTypeError where tangents do not match the primals.
 */
export function jvp<Args extends unknown[], R>(f: (...args: Args) => R, primals: Args, tangents: Args): [R, R] {
  checkFunction('jvp', f);
  if (!Array.isArray(primals) || !Array.isArray(tangents) || primals.length !== tangents.length) {
    throw new ArgumentError(
      'jvp: expected primals and tangents to be lists of equal length, one entry for each argument',
    );
  }
  const flat = flattenArguments('jvp', primals, range(primals.length));
  const directions = flat.parts.flatMap((p) => flattenMatching('jvp', `tangent ${p.index}`, tangents[p.index], p.flat));
  const flatF = flatFunction('jvp', f as AnyFunction, primals, flat);
  const result = jvpFlat(
    flatF.call,
    flat.leaves,
    directions.map((t) => (isFloating(t.dtype) ? t : null)),
  );
  const outTangents = result.tangents.map((t, i) => t ?? zerosOf(result.outputs[i] as NDArray));
  const { treedef } = flatF.result();
  return [unflatten(treedef, result.outputs), unflatten(treedef, outTangents)];
}
