import type { NDArray } from '../array/ndarray';
import { isFloating } from '../array/dtype';
import { range } from '../array/shape';
import { fill } from '../primitives/broadcast';
import { evaluateProgram } from '../program/evaluate';
import { linearizeFlat } from '../trace/linearize-trace';
import { type Flattened, flattenTree, unflatten } from '../tree/tree';
import { type AnyFunction, callWith, checkFunction, flattenArguments, flattenMatching, rebuildArguments, refusePromise } from './arguments';

/**
 * Evaluates `f` once and gives its derivative at that point as a function, cheap to apply to many directions.
 *
 * @param primals - the arguments of `f`, trees of arrays.
 * @returns `[f(...primals), (...tangents) => J · tangents]`; tangents have the types of the primals.
 */
export function linearize<Args extends unknown[], R>(f: (...args: Args) => R, ...primals: Args): [R, (...tangents: Args) => R] {
  checkFunction('linearize', f);
  const flat = flattenArguments('linearize', primals, range(primals.length));
  let output: Flattened | undefined;
  const { outputs, linear, activeInputs, activeOutputs } = linearizeFlat((leaves) => {
    const value = callWith(f as AnyFunction, rebuildArguments(primals, flat, leaves));
    refusePromise('linearize', value);
    output = flattenTree('linearize', value, 'the result');
    return output.leaves;
  }, flat.leaves);
  const { treedef } = output as unknown as Flattened;
  const apply = (...tangents: Args): R => {
    const directions = flat.parts.flatMap((p) =>
      flattenMatching('linearize', `tangent ${p.index}`, tangents[p.index], p.flat),
    );
    const active = directions.filter((_, i) => activeInputs[i]);
    const results = evaluateProgram(linear.program, [...linear.constants, ...active]);
    let next = 0;
    const all = outputs.map((y, i) => (activeOutputs[i] ? (results[next++] as NDArray) : zero(y)));
    return unflatten(treedef, all);
  };
  return [unflatten(treedef, outputs), apply];
}

function zero(y: NDArray): NDArray {
  return isFloating(y.dtype) ? fill(0, y.shape, y.dtype) : fill(y.dtype === 'bool' ? false : 0, y.shape, y.dtype);
}
