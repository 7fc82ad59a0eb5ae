import { CommanderError } from 'commander';
import { Interrupted, mainJob } from './main-job';
import { commandLine } from './options';

export interface Streams {
  out: NodeJS.WriteStream;
  err: NodeJS.WritableStream;
}

/** Runs the command line and gives its exit code. 0: done, or help was asked for. 1: it failed. 2: options that make no sense. 130: stopped. */
export async function main(args: readonly string[], signal: AbortSignal, { out, err }: Streams): Promise<number> {
  const command = commandLine((options) => mainJob(options, signal, out));
  command.configureOutput({ writeOut: (text) => out.write(text), writeErr: (text) => err.write(text) });
  try {
    await command.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof Interrupted || signal.aborted) {
      err.write('\nStopped. Nothing was written.\n');
      return 130;
    }
    err.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof RangeError ? 2 : 1;
  }
}
