import { main } from './cli';

const interrupt = new AbortController();
/** A terminal and npm both hand on the same Ctrl-C. A second one, later, is somebody who will not wait. */
const sameInterrupt = 2000;
let first: number | null = null;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    first ??= performance.now();
    if (performance.now() - first > sameInterrupt) process.exit(130);
    interrupt.abort();
  });
}

// pnpm hands over the "--" that npm needs.
const args = process.argv.slice(2);
process.exitCode = await main(args[0] === '--' ? args.slice(1) : args, interrupt.signal, {
  out: process.stdout,
  err: process.stderr,
});
