import { CommanderError } from 'commander';
import { perf, type Streams, UsageError } from './commands/perf';
import { setup } from './commands/setup';
import { commandLine } from './options';
import { paper } from './paper/command';

/** Runs the command line and gives its exit code. 0: done, or help was asked for. 1: it failed. 2: options that make no sense. 130: stopped. */
export async function main(args: readonly string[], signal: AbortSignal, streams: Streams): Promise<number> {
  const program = commandLine({
    perf: (options) => perf(options, signal, streams),
    paper: (options) => paper(options, signal, streams),
    setup: () => setup(signal),
  });
  for (const command of [program, ...program.commands]) {
    command.configureOutput({
      writeOut: (text) => streams.out.write(text),
      writeErr: (text) => streams.err.write(text),
    });
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (signal.aborted) {
      streams.err.write('\nStopped.\n');
      return 130;
    }
    streams.err.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}
