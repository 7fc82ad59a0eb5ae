import { ArgumentError } from '../errors';
import type { Backend, MemoryUse } from './backend';
import { referenceBackend } from './reference/backend';
import { warnOnce } from './warn-once';
import { startEngine, wasmBackend, wasmSupported } from './wasm/backend';
import { checkFeatures, type FeatureOptions } from './wasm/features';

/** The backends that come with the package. */
export type BackendName = 'reference' | 'wasm';

let current: Backend | undefined;

/** The backend that programs are compiled for: WASM where the engine has SIMD, otherwise the reference interpreter. */
export function currentBackend(): Backend {
  current ??= bestBackend({});
  return current;
}

function bestBackend(features: FeatureOptions): Backend {
  if (wasmSupported()) return wasmBackendFor(features);
  warnOnce(
    'forback: this JavaScript engine has no WebAssembly SIMD; programs run in plain loops, which are many times slower. ' +
      'Use a newer engine, or init({ backend: "reference" }) to say that this is meant.',
  );
  return referenceBackend;
}

/** For tests, which bring their own. */
export function useBackend(backend: Backend): void {
  current = backend;
}

export interface InitOptions extends FeatureOptions {
  /**
   * `'wasm'`: code generated for the program, in SIMD and on several threads. `'reference'`: plain loops, the oracle of
   * the tests. Default: `'wasm'` where WebAssembly SIMD exists; elsewhere the plain loops, with a warning.
   */
  backend?: BackendName;
}

const backends = new Map<string, Backend>();

/** Backends are kept: equal options give the same one, with the programs compiled for it. */
function wasmBackendFor(features: FeatureOptions): Backend {
  const options = checkFeatures(features);
  const key = JSON.stringify(options);
  let backend = backends.get(key);
  if (backend === undefined) {
    backend = wasmBackend(startEngine(options));
    backends.set(key, backend);
  }
  return backend;
}

const optionNames = ['backend', 'threads', 'relaxedSimd', 'revectorize'];

/**
 * Chooses how programs run from now on. Arrays stay valid. Calling it is optional.
 *
 * @throws ArgumentError for an option that does not exist or a value that is none of its.
 * @throws BackendError if something is asked for that the JavaScript engine lacks.
 */
export function init(options: InitOptions = {}): void {
  const unknown = Object.keys(options).find((name) => !optionNames.includes(name));
  if (unknown !== undefined) {
    throw new ArgumentError(`init: expected options among ${optionNames.join(', ')}, got ${unknown}`);
  }
  const { backend, ...features } = options;
  if (backend === 'reference') current = referenceBackend;
  else if (backend === 'wasm') current = wasmBackendFor(features);
  else if (backend === undefined) current = bestBackend(features);
  else throw new ArgumentError(`init: expected backend to be 'wasm' or 'reference', got ${String(backend)}`);
}

/** What the backend's memory holds now. All zero for `'reference'`, which has none of its own. */
export function memory(): MemoryUse {
  const none = { arrays: 0, arrayBytes: 0, usedBytes: 0, peakBytes: 0, reservedBytes: 0 };
  return currentBackend().memory?.() ?? none;
}
