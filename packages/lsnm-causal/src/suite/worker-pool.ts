import type { AbortSignalLike, DirectionOptions } from '../options';
import type { PlainPair } from './evaluate-pair';
import { failedOutcome, type PairOutcome } from './pair-outcome';
import { toPortable } from './portable-options';
import type { FromWorker, ToWorker } from './worker-messages';

/** Modules that a worker imports before its own, where that is TypeScript. */
export interface WorkerSource {
  readonly module: URL;
  readonly before: readonly string[];
}

const packaged = (): WorkerSource => ({ module: new URL('./pair-worker.js', import.meta.url), before: [] });

// Text, because a module in TypeScript cannot be the first of a worker.
const boot = `
const { workerData } = require('node:worker_threads');
(async () => {
  for (const module of workerData.before) await import(module);
  await import(workerData.module);
})();
`;

/**
 * Evaluates pairs on worker threads of Node, each thread one at a time. `finish` gets the outcomes as they come. Where
 * threads are not to be had, or none of them starts, it does nothing.
 *
 * @returns the number of threads that worked, 0 where there are none.
 * @throws the signal's reason when aborted, when every thread has ended.
 */
export async function evaluateOnThreads(
  pairs: readonly PlainPair[],
  options: DirectionOptions,
  bootstrap: number,
  threads: number,
  finish: (outcome: PairOutcome) => Promise<void>,
  source: WorkerSource = packaged(),
): Promise<number> {
  const node = globalThis.process?.getBuiltinModule?.('node:worker_threads');
  if (node === undefined) return 0;
  const { signal } = options;
  const waiting = pairs.slice();
  const portable = toPortable(options);

  /** One thread until nothing is left to do. Answers whether it has ever worked. */
  const thread = async (): Promise<boolean> => {
    const worker = new node.Worker(boot, {
      eval: true,
      workerData: { module: source.module.href, before: source.before },
    });
    const events = listen<FromWorker>(worker, signal);
    try {
      // Started, or broken from the start.
      if ((await events.next()) instanceof Error) return false;
      for (let pair = waiting.shift(); pair !== undefined; pair = waiting.shift()) {
        const { id, data, truth, weight, x } = pair;
        worker.postMessage({ pair, options: portable, bootstrap } satisfies ToWorker);
        const event = await events.next();
        if (event instanceof Error) {
          await finish(
            failedOutcome({ id, data, truth, weight, rows: x.length }, `the worker ended: ${event.message}`),
          );
          // Another thread takes over.
          return (await thread()) || true;
        }
        if (event.kind === 'outcome') await finish(event.outcome);
      }
      return true;
    } catch (error) {
      // The other threads stop after the pair that they have.
      waiting.length = 0;
      throw error;
    } finally {
      events.stop();
      await worker.terminate();
    }
  };
  const worked = await Promise.allSettled(Array.from({ length: threads }, thread));
  signal?.throwIfAborted();
  for (const result of worked) if (result.status === 'rejected') throw result.reason;
  return worked.filter((result) => result.status === 'fulfilled' && result.value).length;
}

/** The messages of a worker one at a time; an error where it ends; rejects when the signal is aborted. */
function listen<Message>(
  worker: import('node:worker_threads').Worker,
  signal: AbortSignalLike | undefined,
): { next(): Promise<Message | Error>; stop(): void } {
  const arrived: (Message | Error)[] = [];
  let wake = () => {};
  const arrive = (event: Message | Error) => {
    arrived.push(event);
    wake();
  };
  const abort = () => wake();
  worker.on('message', arrive);
  worker.on('error', (error) => arrive(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', (code) => arrive(new Error(`exit code ${code}`)));
  signal?.addEventListener('abort', abort);
  return {
    async next() {
      for (;;) {
        signal?.throwIfAborted();
        const event = arrived.shift();
        if (event !== undefined) return event;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    stop: () => signal?.removeEventListener('abort', abort),
  };
}
