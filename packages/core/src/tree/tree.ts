import { type ArrayLike, NDArray } from '../array/ndarray';
import { showType } from '../array/shape';
import { TreeError } from '../errors';

/** The shape of a tree without its leaves. */
export type TreeDef =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'none'; readonly value: null | undefined }
  | { readonly kind: 'list'; readonly items: readonly TreeDef[] }
  | { readonly kind: 'record'; readonly keys: readonly string[]; readonly items: readonly TreeDef[] };

/** The arrays of a tree in order, and what is left without them. */
export interface Flattened {
  readonly leaves: NDArray[];
  readonly treedef: TreeDef;
}

/** Replaces the leaves of a tree type. */
export type MapLeaves<T, Leaf> = T extends ArrayLike
  ? Leaf
  : T extends null | undefined
    ? T
    : { [K in keyof T]: MapLeaves<T[K], Leaf> };

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as unknown;
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return `an object of class ${value.constructor?.name ?? 'unknown'}`;
  return `${typeof value} ${String(value)}`;
}

function walk<L>(
  where: string,
  value: unknown,
  path: string,
  leaf: (value: unknown, path: string) => L | undefined,
  out: L[],
): TreeDef {
  const result = leaf(value, path);
  if (result !== undefined) {
    out.push(result);
    return { kind: 'leaf' };
  }
  if (value === null || value === undefined) return { kind: 'none', value };
  if (Array.isArray(value)) {
    return { kind: 'list', items: value.map((item, i) => walk(where, item, `${path}[${i}]`, leaf, out)) };
  }
  if (isRecord(value)) {
    const keys = Object.keys(value).sort();
    return { kind: 'record', keys, items: keys.map((key) => walk(where, value[key], `${path}.${key}`, leaf, out)) };
  }
  throw new TreeError(
    `${where}: ${path.replace(/^\./, '') || 'the value'} is ${describe(value)}; a tree holds arrays, numbers and booleans ` +
      'in plain objects and lists (null where there is nothing)',
  );
}

function arrayLeaf(value: unknown): NDArray | undefined {
  if (value instanceof NDArray) return value;
  if (typeof value === 'number') return NDArray.scalar(value, 'float32');
  if (typeof value === 'boolean') return NDArray.scalar(value, 'bool');
  return undefined;
}

/** @internal The arrays of a tree; numbers become float32 scalars. `name` names the tree in errors. */
export function flattenTree(where: string, value: unknown, name = ''): Flattened {
  const leaves: NDArray[] = [];
  return { treedef: walk(where, value, name, arrayLeaf, leaves), leaves };
}

/** The arrays of a tree in order (records by sorted key), and its structure. Numbers become float32 scalars. */
export function flatten(value: unknown): Flattened {
  return flattenTree('tree.flatten', value);
}

/** The tree of the given structure with the given leaves. */
export function unflatten<T = unknown>(treedef: TreeDef, leaves: readonly unknown[]): T {
  const count = countLeaves(treedef);
  if (count !== leaves.length) {
    throw new TreeError(`tree.unflatten: the structure has ${count} leaves, got ${leaves.length}`);
  }
  let next = 0;
  const build = (def: TreeDef): unknown => {
    if (def.kind === 'leaf') return leaves[next++];
    if (def.kind === 'none') return def.value;
    if (def.kind === 'list') return def.items.map(build);
    return Object.fromEntries(def.keys.map((key, i) => [key, build(def.items[i] as TreeDef)]));
  };
  return build(treedef) as T;
}

function countLeaves(def: TreeDef): number {
  if (def.kind === 'leaf') return 1;
  return def.kind === 'none' ? 0 : def.items.reduce((n, item) => n + countLeaves(item), 0);
}

/** Text that is equal for equal structures; also the picture of a structure in errors. */
export function showTreeDef(def: TreeDef): string {
  if (def.kind === 'leaf') return '*';
  if (def.kind === 'none') return String(def.value);
  if (def.kind === 'list') return `[${def.items.map(showTreeDef).join(', ')}]`;
  return `{${def.keys.map((key, i) => `${JSON.stringify(key)}: ${showTreeDef(def.items[i] as TreeDef)}`).join(', ')}}`;
}

/** Applies a function to the leaves of one tree, or to corresponding leaves of several trees of the same structure. */
export function map<T>(f: (leaf: NDArray, ...others: NDArray[]) => NDArray, first: T, ...rest: readonly unknown[]): T {
  const { leaves, treedef } = flattenTree('tree.map', first);
  const shown = showTreeDef(treedef);
  const others = rest.map((other, i) => {
    const flat = flattenTree('tree.map', other);
    if (showTreeDef(flat.treedef) !== shown) {
      throw new TreeError(
        `tree.map: tree ${i + 2} has another structure than the first: ${showTreeDef(flat.treedef)} and ${shown}`,
      );
    }
    return flat.leaves;
  });
  return unflatten(
    treedef,
    leaves.map((leaf, i) => f(leaf, ...others.map((o) => o[i] as NDArray))),
  );
}

/** The arrays of a tree in order. */
export function leaves(value: unknown): NDArray[] {
  return flattenTree('tree.leaves', value).leaves;
}

/** Combines the leaves from left to right. */
export function reduce<R>(f: (accumulator: R, leaf: NDArray) => R, value: unknown, initial: R): R {
  return leaves(value).reduce(f, initial);
}

/** Each leaf with the path that leads to it, such as `layers[0].weight`. */
export function paths(value: unknown): { path: string; leaf: NDArray }[] {
  return namedPaths('tree.paths', value, '');
}

/** @internal The same; `name` names the tree in paths and errors. */
export function namedPaths(where: string, value: unknown, name: string): { path: string; leaf: NDArray }[] {
  const out: { path: string; leaf: NDArray }[] = [];
  walk(
    where,
    value,
    name,
    (v, path) => {
      const leaf = arrayLeaf(v);
      return leaf && { path: path.replace(/^\./, ''), leaf };
    },
    out,
  );
  return out;
}

/** The types of the leaves in their places, for messages. */
export function show(value: unknown): string {
  return paths(value)
    .map(({ path, leaf }) => `${path || 'value'}: ${showType(leaf)}`)
    .join('\n');
}
