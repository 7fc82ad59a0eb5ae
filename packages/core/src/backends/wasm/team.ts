// The threads of the WASM backend. A job is a native function over some parts; whoever is free takes the next part, the
// calling thread too. Which thread does a part makes no difference to its result.

import { BackendError } from '../../errors';
import { warnOnce } from '../warn-once';
import type { Heap } from './heap';
import { workerSource } from './worker-source';

/** Words at the start of the heap through which the threads talk; each written by another thread has its own cache line. */
export const control = {
  /** Goes up with every job; workers sleep on it. */
  epoch: 0,
  /** 1 while a job may be joined. */
  open: 16,
  /** How many workers are in the job. */
  active: 32,
  /** The part to do next. */
  next: 48,
  sleepers: 64,
  ready: 80,
  /** How many workers have failed in a part, and how many could not load a kernel and left. */
  failed: 81,
  retired: 82,
  parts: 96,
  record: 97,
  func: 98,
  table: 99,
  /** Of the memory, when the job began. */
  bytes: 100,
  /** A byte address: the length of a message of Latin letters, then the letters. */
  message: 512,
} as const;

export const controlBytes = 768;

/** How long to wait for a worker that has begun a part, in milliseconds: far longer than any part takes. */
const patience = 60_000;

export type PartRunner = (table: number, part: number, worker: number) => void;

/** A function as workers find it: the record of its module in the heap, and its place among the exports. */
export interface SharedFunction {
  readonly run: PartRunner;
  record(): number;
  readonly index: number;
}

interface ThreadHandle {
  terminate(): unknown;
}

export class Team {
  #workers: ThreadHandle[] | null = null;
  #broken = false;

  /** `size` threads, the calling one included. The workers start when there is work for them. */
  constructor(
    private readonly heap: Heap,
    readonly size: number,
  ) {}

  /** `serial`: on the calling thread alone. */
  run(job: SharedFunction, table: number, parts: number, serial = false): void {
    if (serial || this.size === 1 || this.#broken || this.#readyWorkers() === 0) {
      for (let part = 0; part < parts; part++) job.run(table, part, 0);
      return;
    }
    const words = this.heap.all('int32');
    words[control.parts] = parts;
    words[control.record] = job.record();
    words[control.func] = job.index;
    words[control.table] = table;
    words[control.bytes] = this.heap.bytes;
    Atomics.store(words, control.next, 0);
    Atomics.store(words, control.open, 1);
    Atomics.add(words, control.epoch, 1);
    if (Atomics.load(words, control.sleepers) > 0) Atomics.notify(words, control.epoch);
    try {
      for (;;) {
        const part = Atomics.add(words, control.next, 1);
        if (part >= parts) break;
        job.run(table, part, 0);
      }
    } finally {
      Atomics.store(words, control.open, 0);
      this.#await(words);
    }
    if (Atomics.load(words, control.failed) !== 0) {
      this.#fail(`a worker thread could not run a kernel (${this.#message()})`);
    }
    if (Atomics.load(words, control.retired) !== 0) {
      warnOnce(`forback: a worker thread could not load a kernel (${this.#message()}); programs run on fewer threads`);
    }
  }

  /** Starts the workers and waits until they look for jobs. */
  async started(): Promise<void> {
    const deadline = performance.now() + patience;
    while (this.#readyWorkers() < this.size - 1) {
      if (this.#broken || performance.now() > deadline) this.#fail('the worker threads did not start');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  stop(): void {
    for (const worker of this.#workers ?? []) worker.terminate();
    this.#workers = null;
    this.#broken = true;
  }

  #await(words: Int32Array): void {
    let deadline = 0;
    for (let spins = 1; Atomics.load(words, control.active) > 0; spins++) {
      if (spins % 100_000 !== 0) continue;
      if (deadline === 0) deadline = performance.now() + patience;
      else if (performance.now() > deadline) this.#fail('a worker thread stopped answering');
    }
  }

  #message(): string {
    const bytes = this.heap.all('bool');
    return String.fromCharCode(
      ...bytes.subarray(control.message + 1, control.message + 1 + (bytes[control.message] ?? 0)),
    );
  }

  #fail(what: string): never {
    this.stop();
    throw new BackendError(`wasm: ${what}; from now on programs run on one thread. Arrays are still readable`);
  }

  #readyWorkers(): number {
    this.#workers ??= this.#start();
    return Atomics.load(this.heap.all('int32'), control.ready);
  }

  #start(): ThreadHandle[] {
    const onError = () => {
      this.#broken = true;
    };
    try {
      const { memory } = this.heap;
      return Array.from({ length: this.size - 1 }, (_, i) => startThread({ memory, worker: i + 1, control }, onError));
    } catch {
      this.#broken = true;
      return [];
    }
  }
}

/** The modules of Node that this file uses; undefined in browsers. */
interface NodeThreads {
  Worker: new (
    source: string,
    options: object,
  ) => { on(event: 'error', listener: () => void): void; unref(): void; terminate(): unknown };
}

function nodeModule<T>(name: string): T | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): T } };
  return process?.getBuiltinModule?.(name);
}

function startThread(data: object, onError: () => void): ThreadHandle {
  const threads = nodeModule<NodeThreads>('node:worker_threads');
  if (threads) {
    const thread = new threads.Worker(workerSource, { eval: true, workerData: data, execArgv: [], stdin: false });
    thread.on('error', onError);
    // A worker never keeps the process alive.
    thread.unref();
    return thread;
  }
  const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
  const thread = new Worker(url);
  thread.onerror = onError;
  thread.postMessage(data);
  return thread;
}

/** Whether threads can share memory here. */
export function threadsSupported(): boolean {
  if (typeof SharedArrayBuffer !== 'function') return false;
  return nodeModule('node:worker_threads') !== undefined || typeof Worker === 'function';
}

/** Threads that the machine runs at once. */
export function hardwareThreads(): number {
  const os = nodeModule<{ availableParallelism(): number }>('node:os');
  return os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}
