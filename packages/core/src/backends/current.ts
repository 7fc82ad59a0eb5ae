import { ArgumentError } from '../errors';
import type { Backend } from './backend';
import { referenceBackend } from './reference/backend';
import { wasmBackend, wasmSupported } from './wasm/backend';

/** The backends that come with the package. */
export type BackendName = 'reference' | 'wasm';

let current: Backend | undefined;

/** The backend that programs are compiled for: WASM where the engine has SIMD, otherwise the reference interpreter. */
export function currentBackend(): Backend {
  current ??= wasmSupported() ? wasmBackend() : referenceBackend;
  return current;
}

export interface InitOptions {
  /**
   * `'wasm'`: SIMD kernels for products and convolutions. `'reference'`: plain loops, the oracle of the tests.
   * Default: `'wasm'` where WebAssembly SIMD exists.
   */
  backend?: BackendName;
}

/**
 * Chooses how programs run from now on. Arrays stay valid. Calling it is optional.
 *
 * @throws BackendError if `'wasm'` is asked for and the engine lacks WebAssembly SIMD.
 */
export function init(options: InitOptions = {}): void {
  const { backend } = options;
  if (backend === 'reference') current = referenceBackend;
  else if (backend === 'wasm') current = wasmBackend();
  else if (backend === undefined) current = undefined;
  else throw new ArgumentError(`init: expected backend to be 'wasm' or 'reference', got ${String(backend)}`);
}
