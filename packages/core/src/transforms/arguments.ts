import { isFloating } from '../array/dtype';
import { NDArray } from '../array/ndarray';
import { type ShapedType, showType } from '../array/shape';
import { ArgumentError, DTypeError, internalError, TreeError } from '../errors';
import { fill } from '../primitives/broadcast';
import { type Flattened, flattenTree, showTreeDef, unflatten } from '../tree/tree';

/** Any function of trees; the public types of the transforms are precise, their insides are not. */
export type AnyFunction = (...args: never[]) => unknown;

export function callWith(f: AnyFunction, args: readonly unknown[]): unknown {
  return f(...(args as never[]));
}

export function checkFunction(where: string, f: unknown): void {
  if (typeof f !== 'function') throw new ArgumentError(`${where}: expected a function, got ${typeof f}`);
}

export function refusePromise(where: string, result: unknown): void {
  if (result instanceof Promise) {
    throw new ArgumentError(`${where}: the function returned a promise; a transformed function must be synchronous`);
  }
}

/** Several arguments flattened one after the other, by position. */
export interface FlatArguments {
  readonly leaves: NDArray[];
  readonly parts: readonly { readonly index: number; readonly flat: Flattened }[];
}

export function flattenArguments(where: string, args: readonly unknown[], indices: readonly number[]): FlatArguments {
  const parts = indices.map((index) => {
    if (index >= args.length) {
      throw new ArgumentError(`${where}: argument ${index} is asked for, but the call has ${args.length} arguments`);
    }
    return { index, flat: flattenTree(where, args[index], `argument ${index}`) };
  });
  return { leaves: parts.flatMap((p) => p.flat.leaves), parts };
}

/** The call's arguments with other leaves in the flattened ones. */
export function rebuildArguments(
  args: readonly unknown[],
  { parts }: FlatArguments,
  leaves: readonly NDArray[],
): unknown[] {
  const rebuilt = [...args];
  unflattenParts(parts, leaves).forEach((value, i) => {
    rebuilt[(parts[i] as FlatArguments['parts'][number]).index] = value;
  });
  return rebuilt;
}

/** A function of trees as a function of the leaves of its flattened arguments. */
export interface FlatFunction {
  call(leaves: readonly NDArray[]): NDArray[];
  /** The result of the last call. */
  result(): Flattened;
}

export function flatFunction(
  where: string,
  f: AnyFunction,
  args: readonly unknown[],
  flat: FlatArguments,
): FlatFunction {
  let result: Flattened | undefined;
  return {
    call(leaves) {
      const value = callWith(f, rebuildArguments(args, flat, leaves));
      refusePromise(where, value);
      result = flattenTree(where, value, 'the result');
      return result.leaves;
    },
    result() {
      if (result === undefined) throw internalError(`${where}: the function was not called`);
      return result;
    },
  };
}

/** Zeros of a type, for tangents and cotangents that nothing has reached. */
export function zerosOf({ shape, dtype }: ShapedType): NDArray {
  return fill(dtype === 'bool' ? false : 0, shape, dtype);
}

/** One tree for each flattened argument. */
export function unflattenParts(parts: FlatArguments['parts'], leaves: readonly (NDArray | null)[]): unknown[] {
  let at = 0;
  return parts.map(({ flat }) => {
    const own = leaves.slice(at, at + flat.leaves.length);
    at += own.length;
    return unflatten(flat.treedef, own);
  });
}

export function checkArgnums(where: string, argnums: number | readonly number[]): readonly number[] {
  const list = typeof argnums === 'number' ? [argnums] : argnums;
  if (list.length === 0 || list.some((n) => !Number.isInteger(n) || n < 0) || new Set(list).size !== list.length) {
    throw new ArgumentError(`${where}: expected argnums to be different positions from 0 on, got [${list.join(', ')}]`);
  }
  return list;
}

/** Tangents or cotangents for a tree: same structure, same types. */
export function flattenMatching(where: string, name: string, value: unknown, like: Flattened): NDArray[] {
  const flat = flattenTree(where, value, name);
  if (showTreeDef(flat.treedef) !== showTreeDef(like.treedef)) {
    throw new TreeError(
      `${where}: expected ${name} to have the structure ${showTreeDef(like.treedef)}, got ${showTreeDef(flat.treedef)}`,
    );
  }
  return flat.leaves.map((leaf, i) => {
    const wanted = like.leaves[i] as NDArray;
    // A JavaScript number fits a scalar of any floating dtype.
    const fitted = leaf.literal && isFloating(wanted.dtype) ? NDArray.scalar(leaf.item(), wanted.dtype) : leaf;
    if (showType(fitted) !== showType(wanted)) {
      throw new DTypeError(`${where}: expected leaf ${i} of ${name} to be ${showType(wanted)}, got ${showType(leaf)}`);
    }
    return fitted;
  });
}

/** The single float scalar that a function to be differentiated must return. */
export function scalarLoss(where: string, value: unknown): NDArray {
  const array = typeof value === 'number' ? NDArray.scalar(value, 'float32') : value;
  if (!(array instanceof NDArray) || array.ndim !== 0 || !isFloating(array.dtype)) {
    const got = array instanceof NDArray ? showType(array) : Array.isArray(array) ? 'a list' : typeof array;
    throw new ArgumentError(
      `${where}: expected the function to return a float scalar, got ${got}. ` +
        'Reduce it with mean() or sum(), use hasAux for further outputs, or jacrev for the whole Jacobian.',
    );
  }
  return array;
}
