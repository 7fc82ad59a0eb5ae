import type { NDArray } from '../array/ndarray';
import { range } from '../array/shape';
import { fill } from '../primitives/broadcast';
import { type TransposeRule, transposeProgram } from '../program/transpose';
import { traceProgram } from '../trace/program-trace';
import { type Flattened, flattenTree } from '../tree/tree';
import { type AnyFunction, callWith, checkFunction, flattenArguments, flattenMatching, rebuildArguments, refusePromise, unflattenParts } from './arguments';

/**
 * The transpose (dagger) of a linear function: `⟨f(x), y⟩ = ⟨x, fᵀ(y)⟩`.
 *
 * @param f - linear in all its arguments together.
 * @param examples - arguments of the right structure and types; their values are not used.
 * @returns a function from cotangents of the result to a list with one cotangent for each argument.
 * @throws DTypeError where an operation on the way is not linear.
 */
export function linearTranspose<Args extends unknown[], R>(
  f: (...args: Args) => R,
  examples: Args,
  options: { transpose?: TransposeRule } = {},
): (cotangent: R) => Args {
  checkFunction('linearTranspose', f);
  const flat = flattenArguments('linearTranspose', examples, range(examples.length));
  let output: Flattened | undefined;
  const { program, constants } = traceProgram('linearTranspose', flat.leaves, (leaves) => {
    const value = callWith(f as AnyFunction, rebuildArguments(examples, flat, leaves));
    refusePromise('linearTranspose', value);
    output = flattenTree('linearTranspose', value, 'the result');
    return output.leaves;
  });
  const result = output as unknown as Flattened;
  return (cotangent) => {
    const cotangents = flattenMatching('linearTranspose', 'the cotangent', cotangent, result);
    const inputs = [...constants, ...flat.leaves.map(() => null)];
    const back = transposeProgram(program, inputs, cotangents, { rule: options.transpose });
    const own = back.slice(constants.length).map((c, i) => c ?? zeroOf(flat.leaves[i] as NDArray));
    return unflattenParts(flat.parts, own) as Args;
  };
}

function zeroOf(x: NDArray): NDArray {
  return fill(0, x.shape, x.dtype);
}
