import { array, NDArray } from '@forback/core';
import type { DirectionOptions } from '../options';

/** Options as JSON keeps them: the key as its words, nothing that is undefined, no signal. */
export type PortableOptions = Readonly<Record<string, unknown>> & { readonly key: readonly number[] };

/** For a worker, or the head of a results file. */
export function toPortable({ signal: _, onProgress: __, key, ...options }: DirectionOptions): PortableOptions {
  const words = key instanceof NDArray ? Array.from(key.dataSync()) : [];
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))), key: words };
}

/** The options again. */
export function fromPortable({ key, ...options }: PortableOptions): DirectionOptions {
  return { ...options, key: array(Uint32Array.from(key)) };
}
