import { init } from '@forback/core';
import { peakMemory } from '../participants/peak-memory';
import type { FromJob, ToJob } from './job-messages';
import { experimentsOf, loadRowsFile } from './load-rows';
import type { Values } from './row';

/** Runs one job, which comes as a message, and ends. */
const stop = new AbortController();
const progressInterval = 200;
let lastProgress = Number.NEGATIVE_INFINITY;

function send(message: FromJob, then?: () => void): void {
  process.send?.(message, undefined, undefined, then);
}

async function run(job: Extract<ToJob, { do: 'run' }>): Promise<FromJob> {
  const experiment = experimentsOf(await loadRowsFile(job.file)).find((e) => e.name === job.experiment);
  if (experiment === undefined) throw new Error(`${job.file} has no experiment "${job.experiment}"`);
  // Threads that wait for one another on a core that another job has would cost more than they bring.
  init({ threads: job.threads });
  const began = performance.now();
  const values = await experiment.run(job.seed, job.settings, {
    signal: stop.signal,
    dataDir: job.dataDir ?? undefined,
    onProgress(share) {
      const now = performance.now();
      if (now - lastProgress < progressInterval) return;
      lastProgress = now;
      send({ kind: 'progress', share });
    },
  });
  // What a run returns when it is stopped early is no result.
  stop.signal.throwIfAborted();
  checkFinite(values);
  return {
    kind: 'done',
    values,
    seconds: (performance.now() - began) / 1000,
    memory: Math.round(peakMemory() / 1e6),
  };
}

function checkFinite(values: Values): void {
  const named = typeof values === 'number' ? [['the value', values] as const] : Object.entries(values ?? {});
  if (named.length === 0) throw new TypeError(`expected a number or a record of numbers from the run, got ${values}`);
  for (const [name, value] of named) {
    if (!Number.isFinite(value)) throw new RangeError(`expected ${name} to be a finite number, got ${value}`);
  }
}

function describe(error: unknown): FromJob {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  // By name: the datasets package is the user's of this file, not ours.
  if (name === 'NoDataError' || name === 'DatasetNotFoundError') return { kind: 'no data', reason: message };
  const where = stack?.split('\n').find((line) => line.includes('at ')) ?? '';
  return { kind: 'failed', reason: `${name}: ${message}${where === '' ? '' : ` (${where.trim()})`}` };
}

process.on('message', (message: ToJob) => {
  if (message.do === 'stop') {
    stop.abort();
    return;
  }
  void run(message)
    .catch(describe)
    .then((answer) => send(answer, () => process.exit(0)));
});
// Whoever wanted the result has gone.
process.on('disconnect', () => process.exit(1));
