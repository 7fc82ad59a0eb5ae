// What a primitive hands to the WASM backend: modules that are written once and functions of them to call, in how many
// parts, with which numbers. All of it is data; the engine links modules to its memory and to its threads.

import type { TypedArray } from '../../array/dtype';
import { internalError } from '../../errors';
import type { ModuleBuilder } from './assembler';

/** What the engine's WebAssembly has. */
export interface Features {
  /** Fused multiply-add. */
  readonly relaxedSimd: boolean;
  /** Pairs of 128-bit operations become 256-bit ones. */
  readonly revectorize?: boolean;
}

/** A module of the backend. Two with equal keys are the same. It finds its memory as import 'heap' 'memory', and `Math` as module 'math'. */
export interface NativeModule {
  readonly key: string;
  /** Modules whose exports it imports, as module '0', '1', ... */
  readonly imports?: readonly NativeModule[];
  /** Exports the functions. */
  define(module: ModuleBuilder, features: Features): void;
}

/**
 * A function `(table, part, worker)`: the address of its numbers (32-bit words), which part of the work to do, and
 * the number of the thread that does it. Parts run in any order, at the same time; none may read what another writes.
 */
export interface NativeFunction {
  readonly module: NativeModule;
  readonly name: string;
}

/** Types of a native function. */
export const nativeSignature = { params: ['i32', 'i32', 'i32'], result: 'void' } as const;

/** A word of a table: a whole number, or an address. */
export type Word = number | Place;

export interface Place {
  /** `scratch` is shared by all threads; of `own` each thread has as much, one after the other. */
  readonly of: 'input' | 'output' | 'scratch' | 'own';
  /** Which input or output. */
  readonly index: number;
  readonly bytes: number;
}

export function inputAt(index: number, bytes = 0): Place {
  return { of: 'input', index, bytes };
}

export function outputAt(index: number, bytes = 0): Place {
  return { of: 'output', index, bytes };
}

export function scratchAt(bytes: number): Place {
  return { of: 'scratch', index: 0, bytes };
}

export function ownAt(bytes: number): Place {
  return { of: 'own', index: 0, bytes };
}

/** One function over all its parts; the next stage starts when all are done. */
export interface NativeStage {
  readonly run: NativeFunction;
  /** Depends on sizes alone, never on the number of threads. */
  readonly parts: number;
  /** All parts together are too little work to be shared. */
  readonly serial?: boolean;
  readonly words: readonly Word[];
}

/** How the WASM backend runs an operation. */
export interface NativeKernel {
  readonly stages: readonly NativeStage[];
  /** Bytes of working memory, whose contents are arbitrary at the start. */
  readonly scratchBytes?: number;
  /** The same for each thread. */
  readonly ownBytes?: number;
  /** Runs before the stages, which cannot throw. */
  readonly check?: (inputs: readonly TypedArray[]) => void;
}

/** Fewest elements for which native code is worth its while. */
export const smallestNative = 256;

/** Gives out the words of a table by name, so that the code that fills it and the code that reads it agree. */
export class WordNames<N extends string> {
  readonly #index: ReadonlyMap<N, number>;

  constructor(readonly names: readonly N[]) {
    this.#index = new Map(names.map((name, i) => [name, i]));
  }

  /** Byte offset of a word in the table. */
  offset(name: N): number {
    const index = this.#index.get(name);
    if (index === undefined) throw internalError(`table without ${name}`);
    return 4 * index;
  }

  table(values: Readonly<Record<N, Word>>): Word[] {
    return this.names.map((name) => values[name]);
  }
}

/** About how many elementary operations a part should have to be worth another thread. */
let grain = 1 << 16;

/** For tests, which split small work. */
export function setGrain(operations: number): void {
  grain = operations;
}

/** How many parts to split work into: at most `most`, and none smaller than the grain. */
export function partsFor(work: number, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(work / grain)));
}
