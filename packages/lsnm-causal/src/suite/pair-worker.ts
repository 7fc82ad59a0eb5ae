import { init } from '@forback/core';
import { evaluatePair } from './evaluate-pair';
import { fromPortable } from './portable-options';
import type { FromWorker, ToWorker } from './worker-messages';

/** What a worker thread does: one pair after the other, until it is ended. Not part of the API. */
const port = globalThis.process?.getBuiltinModule?.('node:worker_threads').parentPort;
if (port) {
  // The pairs are what runs in parallel.
  init({ threads: 1 });
  const send = (message: FromWorker) => port.postMessage(message);
  port.on('message', async ({ pair, options, bootstrap }: ToWorker) => {
    send({ kind: 'outcome', outcome: await evaluatePair(pair, fromPortable(options), bootstrap) });
  });
  send({ kind: 'ready' });
}
