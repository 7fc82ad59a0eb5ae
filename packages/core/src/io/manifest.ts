import { NDArray } from '../array/ndarray';
import { FormatError, TreeError } from '../errors';

// The manifest says how a tree was made of its leaves. A node is
//   null, true, 1.5, "text"      itself
//   {"tensor": name}             the array of that name
//   {"number": text}             NaN, Infinity, -Infinity or -0, which JSON lacks
//   {"undefined": true}          undefined
//   [node, ...]                  a list
//   {"record": {key: node}}      a plain object, keys sorted
export type ManifestNode =
  | null
  | boolean
  | number
  | string
  | { readonly tensor: string }
  | { readonly number: string }
  | { readonly undefined: true }
  | { readonly record: { readonly [key: string]: ManifestNode } }
  | readonly ManifestNode[];

const deepest = 1000;
const numbersWithoutJson = ['NaN', 'Infinity', '-Infinity', '-0'];

/** Takes a tree apart into its structure and its arrays by name. */
export function takeApart(where: string, tree: unknown): { node: ManifestNode; tensors: [string, NDArray][] } {
  const tensors: [string, NDArray][] = [];
  const visit = (value: unknown, path: readonly string[]): ManifestNode => {
    if (value instanceof NDArray) {
      const name = tensorName(path);
      tensors.push([name, value]);
      return { tensor: name };
    }
    if (value === undefined) return { undefined: true };
    if (typeof value === 'number') return numberNode(value);
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
    if (path.length >= deepest) {
      throw new TreeError(`${where}: the tree is nested more than ${deepest} levels deep, or contains itself`);
    }
    if (Array.isArray(value)) return Array.from(value, (item, i) => visit(item, [...path, String(i)]));
    return { record: visitRecord(where, value, path, visit) };
  };
  const node = visit(tree, []);
  return { node, tensors };
}

function visitRecord(
  where: string,
  value: unknown,
  path: readonly string[],
  visit: (value: unknown, path: readonly string[]) => ManifestNode,
): { [key: string]: ManifestNode } {
  const place = path.length === 0 ? 'the tree' : path.join('.');
  const prototype: unknown = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined;
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TreeError(
      `${where}: ${place} is ${describe(value)}; a tree holds arrays, numbers, strings, booleans, null and undefined ` +
        'in plain objects and lists; make arrays with array(...)',
    );
  }
  const record = value as Record<string, unknown>;
  const keys = Reflect.ownKeys(record).filter((key) => Object.prototype.propertyIsEnumerable.call(record, key));
  const odd = keys.find((key) => typeof key === 'symbol' || key === '__proto__');
  if (odd !== undefined) throw new TreeError(`${where}: ${place} has the key ${String(odd)}, which cannot be saved`);
  return Object.fromEntries((keys as string[]).sort().map((key) => [key, visit(record[key], [...path, key])]));
}

function numberNode(value: number): ManifestNode {
  if (Object.is(value, -0)) return { number: '-0' };
  return Number.isFinite(value) ? value : { number: String(value) };
}

function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) return `an object of class ${value.constructor?.name ?? 'unknown'}`;
  return `a ${typeof value}`;
}

/**
 * The keys on the way to an array, joined by dots, as in `layers.0.weight`. What would make the name ambiguous or
 * unprintable is written as % and its code in hexadecimal; an empty key is a lone %. The tree's only array is `value`.
 */
function tensorName(path: readonly string[]): string {
  if (path.length === 0) return 'value';
  const name = path.map(escapeKey).join('.');
  return name === '__metadata__' ? '%5f_metadata__' : name;
}

function escapeKey(key: string): string {
  if (key === '') return '%';
  return key.replace(/[%.\p{Cc}\p{Surrogate}]/gu, (c) => {
    const code = c.charCodeAt(0);
    return code < 256 ? `%${code.toString(16).padStart(2, '0')}` : `%u${code.toString(16)}`;
  });
}

/** Puts a tree together again. Every tensor belongs to one place. */
export function putTogether(where: string, node: unknown, tensors: Readonly<Record<string, NDArray>>): unknown {
  const left = new Map(Object.entries(tensors));
  const refuse = (reason: string) => new FormatError(`${where}: the manifest of the file is damaged: ${reason}`);
  const take = (name: unknown): NDArray => {
    const tensor = typeof name === 'string' ? left.get(name) : undefined;
    if (tensor === undefined) throw refuse(`it names a tensor that is missing or used twice: ${JSON.stringify(name)}`);
    left.delete(name as string);
    return tensor;
  };
  const build = (part: unknown, depth: number): unknown => {
    if (depth > deepest) throw refuse(`it is nested more than ${deepest} levels deep`);
    if (typeof part !== 'object' || part === null) return part;
    if (Array.isArray(part)) return part.map((item) => build(item, depth + 1));
    const [[kind, content] = [undefined, undefined], ...more] = Object.entries(part);
    if (more.length > 0) throw refuse(`a node has the fields ${Object.keys(part).join(', ')}; expected one`);
    if (kind === 'tensor') return take(content);
    if (kind === 'number' && numbersWithoutJson.includes(content as string)) return Number(content);
    if (kind === 'undefined' && content === true) return undefined;
    if (kind !== 'record' || typeof content !== 'object' || content === null || Array.isArray(content)) {
      throw refuse(`unknown node ${JSON.stringify(part).slice(0, 80)}`);
    }
    const entries = Object.entries(content as Record<string, unknown>);
    if (entries.some(([key]) => key === '__proto__')) throw refuse('the key __proto__ is not allowed');
    return Object.fromEntries(entries.map(([key, item]) => [key, build(item, depth + 1)]));
  };
  const tree = build(node, 0);
  const [unused] = left.keys();
  if (unused !== undefined) throw refuse(`it does not name the tensor ${JSON.stringify(unused)}`);
  return tree;
}
