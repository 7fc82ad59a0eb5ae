import { ArgumentError, makeProgram, type NDArray, tree } from '@forback/core';
import { type ReplaceProduct, runWithProducts } from './parameter-products';

/** Any function of trees; what is public has precise types. */
export type AnyFunction = (...args: never[]) => unknown;

/**
 * A function of a tree of parameters (its first argument) and other arguments, with other products of the parameters. The
 * function is traced to a program at each call, so its control flow must not depend on values (as under `jit`); calls
 * inside it are looked into, functions with a derivative of their own are not.
 */
export function withProducts(
  where: string,
  f: AnyFunction,
  replace: (parameters: readonly NDArray[]) => ReplaceProduct,
): (...args: unknown[]) => unknown {
  return (first, ...others) => {
    const { leaves } = tree.flatten(first);
    let result: ReturnType<typeof tree.flatten> | undefined;
    const { program, constants } = makeProgram((parameters: unknown) => {
      const value = f(...([parameters, ...others] as never[]));
      if (value instanceof Promise) throw new ArgumentError(`${where}: the function returned a promise`);
      result = tree.flatten(value);
      return result.leaves;
    }, first);
    const numbers = [...constants.map(() => null), ...leaves.map((_, i) => i)];
    const outputs = runWithProducts(program, [...constants, ...leaves], numbers, replace(leaves));
    return tree.unflatten((result as NonNullable<typeof result>).treedef, outputs);
  };
}
