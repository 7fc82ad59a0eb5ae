// What the engine may use: how many threads, and which instructions.

import { ArgumentError, BackendError } from '../../errors';
import { warnOnce } from '../warn-once';
import type { EngineOptions } from './engine';
import { hardwareThreads, threadsSupported } from './team';

export interface FeatureOptions {
  /**
   * Threads that large programs run on, the calling one included. Default: as many as the machine runs at once, at most 16,
   * and 1 where memory cannot be shared (a page that is not cross-origin isolated). Results do not depend on it.
   */
  threads?: number;
  /**
   * Fused multiply-add in products. `true` also asks Node for it where it is behind a flag. Default: where the engine
   * has it without being asked. Results differ from those without it in the last bits.
   */
  relaxedSimd?: boolean;
  /**
   * Asks V8 to join pairs of 128-bit operations into 256-bit ones: Node 24 or later, on machines with AVX2. It is an
   * experimental flag of V8. Results are the same. Default: false.
   */
  revectorize?: boolean;
}

const mostThreads = 256;
const defaultThreads = 16;

/** f32x4.relaxed_madd in a function. */
const relaxedProbe = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0, 10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2,
  253, 133, 2, 11,
]);

export function checkFeatures({ threads, relaxedSimd, revectorize }: FeatureOptions): EngineOptions {
  checkFlag('relaxedSimd', relaxedSimd);
  checkFlag('revectorize', revectorize);
  const features = { relaxedSimd: fusedMultiplyAdd(relaxedSimd), revectorize: revectorize === true };
  if (revectorize) setFlag('revectorize', '--experimental-wasm-revectorize');
  return { threads: threadCount(threads), features };
}

function checkFlag(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw new ArgumentError(`init: expected ${name} to be true or false, got ${String(value)}`);
}

function threadCount(wanted: number | undefined): number {
  if (wanted !== undefined && !(Number.isInteger(wanted) && wanted >= 1 && wanted <= mostThreads)) {
    throw new ArgumentError(
      `init: expected threads to be a whole number from 1 to ${mostThreads}, got ${String(wanted)}`,
    );
  }
  const count = wanted ?? Math.min(defaultThreads, hardwareThreads());
  if (count === 1 || threadsSupported()) return count;
  warnOnce(
    'forback runs on one thread: this page cannot share memory between threads. Serve it with the headers ' +
      'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, or call init({ threads: 1 }).',
  );
  return 1;
}

function fusedMultiplyAdd(wanted: boolean | undefined): boolean {
  if (wanted === false) return false;
  if (WebAssembly.validate(relaxedProbe)) return true;
  if (wanted === undefined) return false;
  setFlag('relaxedSimd', '--experimental-wasm-relaxed-simd');
  if (WebAssembly.validate(relaxedProbe)) return true;
  throw new BackendError('init: relaxedSimd: this JavaScript engine has no relaxed SIMD; leave the option out');
}

interface NodeProcess {
  versions?: { node?: string };
  getBuiltinModule?(name: 'node:v8'): { setFlagsFromString(flag: string): void };
}

/** Flags take effect for modules that are compiled later. */
function setFlag(option: string, flag: string): void {
  const { process } = globalThis as { process?: NodeProcess };
  const node = Number(process?.versions?.node?.split('.')[0] ?? 0);
  const v8 = process?.getBuiltinModule?.('node:v8');
  const needed = option === 'revectorize' ? 24 : 20;
  if (!v8 || node < needed) {
    throw new BackendError(`init: ${option} needs Node ${needed} or later; leave the option out`);
  }
  v8.setFlagsFromString(flag);
}
