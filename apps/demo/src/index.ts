import { main } from './cli';

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupt.abort();
  });
}

process.exitCode = await main(process.argv.slice(2), interrupt.signal, { out: process.stdout, err: process.stderr });
