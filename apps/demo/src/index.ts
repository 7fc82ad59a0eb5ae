import { CommanderError } from 'commander';
import { Interrupted, mainJob } from './main-job';
import { commandLine } from './options';

const interrupt = new AbortController();
process.once('SIGINT', () => {
  interrupt.abort();
});
process.once('SIGTERM', () => {
  interrupt.abort();
});

try {
  await commandLine((options) => mainJob(options, interrupt.signal, process.stdout)).parseAsync();
} catch (error) {
  process.exitCode = exitCode(error);
}

/** 0: done, or help was asked for. 1: it failed. 2: options that make no sense. 130: stopped with Ctrl-C. */
function exitCode(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof Interrupted || interrupt.signal.aborted) {
    process.stderr.write('\nStopped. Nothing was written.\n');
    return 130;
  }
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return error instanceof RangeError ? 2 : 1;
}
