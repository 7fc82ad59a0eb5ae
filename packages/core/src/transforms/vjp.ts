import type { NDArray } from '../array/ndarray';
import { range } from '../array/shape';
import { type TransposeRule, transposeProgram } from '../program/transpose';
import { linearizeFlat } from '../trace/linearize-trace';
import { type Flattened, flattenTree, unflatten } from '../tree/tree';
import {
  type AnyFunction,
  callWith,
  checkFunction,
  type FlatArguments,
  flattenArguments,
  flattenMatching,
  rebuildArguments,
  refusePromise,
  unflattenParts,
  zerosOf,
} from './arguments';

export interface VjpOptions {
  /**
   * Says how the linear operations of the derivative are transposed, instead of exactly: other weights, another mask,
   * no error at all. The function that is differentiated need not know. Calls inside it are looked into.
   */
  transpose?: TransposeRule;
}

export interface VjpCore {
  /** What the function returned, with the values of the outer transforms. */
  result: unknown;
  output: Flattened;
  /** From cotangents of the result's leaves to gradients for the differentiated arguments, one tree each. */
  pullback(cotangents: readonly NDArray[]): unknown[];
}

/** Linearise, then transpose: all of reverse mode. */
export function vjpCore(
  where: string,
  f: AnyFunction,
  args: readonly unknown[],
  argnums: readonly number[],
  differentiate: (value: unknown) => unknown,
  options: VjpOptions,
): VjpCore {
  checkFunction(where, f);
  const flat: FlatArguments = flattenArguments(where, args, argnums);
  let whole: Flattened | undefined;
  let differentiated = 0;
  const linearization = linearizeFlat(
    (leaves) => {
      const value = callWith(f, rebuildArguments(args, flat, leaves));
      refusePromise(where, value);
      const main = flattenTree(where, differentiate(value), 'the result');
      differentiated = main.leaves.length;
      whole = flattenTree(where, value, 'the result');
      return [...main.leaves, ...whole.leaves];
    },
    flat.leaves,
    { name: where, inlineCalls: options.transpose !== undefined },
  );
  const { outputs, linear, activeInputs, activeOutputs } = linearization;
  const mainLeaves = outputs.slice(0, differentiated);
  const pullback = (cotangents: readonly NDArray[]): unknown[] => {
    const inputs = [...linear.constants, ...activeInputs.filter(Boolean).map(() => null)];
    const incoming = activeOutputs.flatMap((active, i) =>
      active ? [i < differentiated ? (cotangents[i] as NDArray) : null] : [],
    );
    const back = transposeProgram(linear.program, inputs, incoming, {
      rule: options.transpose,
      originOf: linearization.originOf,
      leaves: activeInputs.flatMap((active, i) => (active ? [i] : [])),
    });
    let next = linear.constants.length;
    const gradients = flat.leaves.map((x, i) => {
      const gradient = activeInputs[i] ? back[next++] : null;
      return gradient ?? zerosOf(x);
    });
    return unflattenParts(flat.parts, gradients);
  };
  const { treedef } = whole as unknown as Flattened;
  return {
    result: unflatten(treedef, outputs.slice(differentiated)),
    output: { leaves: mainLeaves, treedef },
    pullback,
  };
}

/**
 * Reverse mode: the value of `f` and its pullback, from a cotangent of the result to gradients of the arguments.
 *
 * @param primals - the arguments of `f`, trees of arrays.
 * @returns `[f(...primals), (cotangent) => [gradient of each argument]]`. Gradients of integer arguments are zeros.
 */
export function vjp<Args extends unknown[], R>(
  f: (...args: Args) => R,
  primals: Args,
  options: VjpOptions = {},
): [R, (cotangent: R) => Args] {
  const { result, output, pullback } = vjpCore(
    'vjp',
    f as AnyFunction,
    primals,
    range(primals.length),
    (y) => y,
    options,
  );
  return [result as R, (cotangent) => pullback(flattenMatching('vjp', 'the cotangent', cotangent, output)) as Args];
}
