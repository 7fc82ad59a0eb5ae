import type { NDArray } from '../array/ndarray';
import { range } from '../array/shape';
import { evaluateProgram } from '../program/evaluate';
import { linearizeFlat } from '../trace/linearize-trace';
import { unflatten } from '../tree/tree';
import { type AnyFunction, checkFunction, flatFunction, flattenArguments, flattenMatching, zerosOf } from './arguments';

/**
 * Evaluates `f` once and gives its derivative at that point as a function, cheap to apply to many directions.
 *
 * @param primals - the arguments of `f`, trees of arrays.
 * @returns `[f(...primals), (...tangents) => J · tangents]`; tangents have the types of the primals.
 */
export function linearize<Args extends unknown[], R>(
  f: (...args: Args) => R,
  ...primals: Args
): [R, (...tangents: Args) => R] {
  checkFunction('linearize', f);
  const flat = flattenArguments('linearize', primals, range(primals.length));
  const flatF = flatFunction('linearize', f as AnyFunction, primals, flat);
  const { outputs, linear, activeInputs, activeOutputs } = linearizeFlat(flatF.call, flat.leaves);
  const { treedef } = flatF.result();
  const apply = (...tangents: Args): R => {
    const directions = flat.parts.flatMap((p) =>
      flattenMatching('linearize', `tangent ${p.index}`, tangents[p.index], p.flat),
    );
    const active = directions.filter((_, i) => activeInputs[i]);
    const results = evaluateProgram(linear.program, [...linear.constants, ...active]);
    let next = 0;
    const all = outputs.map((y, i) => (activeOutputs[i] ? (results[next++] as NDArray) : zerosOf(y)));
    return unflatten(treedef, all);
  };
  return [unflatten(treedef, outputs), apply];
}
