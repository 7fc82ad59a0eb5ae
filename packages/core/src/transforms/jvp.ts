import type { NDArray } from '../array/ndarray';
import { isFloating } from '../array/dtype';
import { fill } from '../primitives/broadcast';
import { flattenTree, unflatten } from '../tree/tree';
import { type AnyFunction, callWith, checkFunction, flattenArguments, flattenMatching, rebuildArguments, refusePromise } from './arguments';
import { ArgumentError } from '../errors';
import { range } from '../array/shape';
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
    throw new ArgumentError('jvp: expected primals and tangents to be lists of equal length, one entry for each argument');
  }
  const flat = flattenArguments('jvp', primals, range(primals.length));
  const directions = flat.parts.flatMap((p) => flattenMatching('jvp', `tangent ${p.index}`, tangents[p.index], p.flat));
  let treedef = flattenTree('jvp', null).treedef;
  const result = jvpFlat(
    (leaves) => {
      const value = callWith(f as AnyFunction, rebuildArguments(primals, flat, leaves));
      refusePromise('jvp', value);
      const output = flattenTree('jvp', value, 'the result');
      treedef = output.treedef;
      return output.leaves;
    },
    flat.leaves,
    directions.map((t) => (isFloating(t.dtype) ? t : null)),
  );
  const outTangents = result.tangents.map((t, i) => t ?? zeroLike(result.outputs[i] as NDArray));
  return [unflatten(treedef, result.outputs), unflatten(treedef, outTangents)];
}

function zeroLike(x: NDArray): NDArray {
  return fill(x.dtype === 'bool' ? false : 0, x.shape, x.dtype);
}
