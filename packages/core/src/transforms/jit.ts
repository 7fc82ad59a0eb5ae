import type { NDArray } from '../array/ndarray';
import { showType } from '../array/shape';
import { ArgumentError } from '../errors';
import { callPrimitive } from '../primitives/call';
import { execute } from '../program/execute';
import { LruCache } from '../program/lru-cache';
import type { Program } from '../program/program';
import { identityOf } from '../program/program';
import { bind } from '../trace/bind';
import { traceProgram } from '../trace/program-trace';
import { findTrace } from '../trace/trace';
import { type Flattened, flattenTree, showTreeDef, type TreeDef, unflatten } from '../tree/tree';
import { type AnyFunction, callWith, checkFunction, refusePromise } from './arguments';

export interface JitOptions {
  /** Arguments that are not arrays (strings, functions, settings). The function is compiled anew for each value. */
  staticArgnums?: number | readonly number[];
  /**
   * Arguments whose arrays the call may consume: their buffers become the result's, so that a training step allocates
   * nothing. Reading a donated array afterwards throws.
   */
  donate?: number | readonly number[];
  /** Shown in errors. Default: the function's name. */
  name?: string;
}

interface Compiled {
  readonly program: Program;
  readonly constants: readonly NDArray[];
  readonly output: TreeDef;
}

/**
 * Compiles a function: it is traced once for each structure, shape and dtype of its arguments, and the whole program then
 * runs without its JavaScript.
 *
 * The function must be pure: what it prints or stores happens only while it is traced, and control flow may depend on
 * shapes and static arguments but not on values (use `np.where`). Numbers among the arguments become float32 scalars, so
 * that a new value does not compile anew.
 *
 * @returns a function with the same arguments and results.
 * @throws ConcretizationError if the function asks for the numbers of a traced array.
 */
export function jit<Args extends unknown[], R>(
  f: (...args: Args) => R,
  options: JitOptions = {},
): (...args: Args) => R {
  checkFunction('jit', f);
  const statics = positions('staticArgnums', options.staticArgnums);
  const donate = positions('donate', options.donate);
  const name = options.name ?? (f.name || 'jit');
  const both = donate.find((n) => statics.includes(n));
  if (both !== undefined) throw new ArgumentError(`jit: argument ${both} cannot be both static and donated`);
  const compiled = new LruCache<Compiled>(256);

  return (...args) => {
    const parts = args.map((value, i) => (statics.includes(i) ? null : flattenTree(name, value, `argument ${i}`)));
    const leaves = parts.flatMap((p) => p?.leaves ?? []);
    const key = args.map((value, i) => cacheKey(value, parts[i] ?? null)).join(';');
    let entry = compiled.get(key);
    if (entry === undefined) {
      entry = trace(name, f as AnyFunction, args, parts, leaves);
      compiled.set(key, entry);
    }
    const { program, constants, output } = entry;
    const inputs = [...constants, ...leaves];
    if (findTrace(name, inputs) !== null) return unflatten<R>(output, bind(callPrimitive, inputs, { program, name }));
    const donated = [
      ...constants.map(() => false),
      ...parts.flatMap((p, i) => (p?.leaves ?? []).map((x) => donate.includes(i) && !x.literal)),
    ];
    return unflatten<R>(output, execute(program, inputs, donate.length > 0 ? { name, donated } : { name }));
  };
}

function positions(option: string, value: number | readonly number[] = []): readonly number[] {
  const list = typeof value === 'number' ? [value] : value;
  if (list.every((n) => Number.isInteger(n) && n >= 0)) return list;
  throw new ArgumentError(`jit: expected ${option} to be positions of arguments from 0 on, got ${String(value)}`);
}

function cacheKey(value: unknown, part: Flattened | null): string {
  if (part !== null) return `${showTreeDef(part.treedef)}${part.leaves.map(showType).join()}`;
  if ((typeof value === 'object' && value !== null) || typeof value === 'function')
    return `object ${identityOf(value)}`;
  if (typeof value === 'string') return JSON.stringify(value);
  return `${typeof value} ${Object.is(value, -0) ? '-0' : String(value)}`;
}

function trace(
  name: string,
  f: AnyFunction,
  args: readonly unknown[],
  parts: readonly (Flattened | null)[],
  leaves: readonly NDArray[],
): Compiled {
  let output: TreeDef | undefined;
  const { program, constants } = traceProgram(name, leaves, (tracers) => {
    let at = 0;
    const rebuilt = args.map((value, i) => {
      const part = parts[i];
      if (!part) return value;
      const own = tracers.slice(at, at + part.leaves.length);
      at += own.length;
      return unflatten(part.treedef, own);
    });
    const value = callWith(f, rebuilt);
    refusePromise(name, value);
    const result = flattenTree(name, value, 'the result');
    output = result.treedef;
    return result.leaves;
  });
  return { program, constants, output: output as TreeDef };
}
