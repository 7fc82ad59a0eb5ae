import type { NDArray } from '../array/ndarray';
import { range } from '../array/shape';
import { type TransposeRule, transposeProgram } from '../program/transpose';
import { traceProgram } from '../trace/program-trace';
import {
  type AnyFunction,
  checkFunction,
  flatFunction,
  flattenArguments,
  flattenMatching,
  unflattenParts,
  zerosOf,
} from './arguments';

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
  const flatF = flatFunction('linearTranspose', f as AnyFunction, examples, flat);
  const { program, constants } = traceProgram('linearTranspose', flat.leaves, flatF.call);
  const result = flatF.result();
  return (cotangent) => {
    const cotangents = flattenMatching('linearTranspose', 'the cotangent', cotangent, result);
    const inputs = [...constants, ...flat.leaves.map(() => null)];
    const back = transposeProgram(program, inputs, cotangents, { rule: options.transpose });
    const own = back.slice(constants.length).map((c, i) => c ?? zerosOf(flat.leaves[i] as NDArray));
    return unflattenParts(flat.parts, own) as Args;
  };
}
