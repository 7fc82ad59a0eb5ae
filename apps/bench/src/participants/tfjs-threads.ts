import { resolveObjectURL } from 'node:buffer';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as Threads from 'node:worker_threads';

const require = createRequire(import.meta.url);

// The names that the backend's factory, which its workers evaluate as text, finds in its module.
const bootstrap = `
  Object.assign(globalThis, {
    require,
    __filename: '/tfjs-worker.js',
    require$$0: require('fs'),
    require$$1: require('path'),
    require$$3: require('perf_hooks'),
    require$$4: require('os'),
    commonjsGlobal: globalThis,
  });
  require('worker_threads').parentPort.once('message', (source) => (0, eval)(source));`;

interface LoadMessage {
  readonly urlOrBlob?: unknown;
}

/**
 * Lets the WASM backend of tfjs start its threads in Node, which it leaves out because its workers come from blob URLs
 * (tensorflow/tfjs #3830). To be called before the backend is loaded.
 */
export function allowThreads(threads: number): void {
  const workers = require('node:worker_threads') as { Worker: typeof Threads.Worker };
  const Original = workers.Worker;
  // Whoever measures removes the folder for temporary files.
  const folder = mkdtempSync(join(tmpdir(), 'tfjs-'));
  let script: Promise<string> | undefined;
  const scriptFile = async (blob: Blob): Promise<string> => {
    const file = join(folder, 'main.js');
    writeFileSync(file, await blob.text());
    return file;
  };

  workers.Worker = class extends Original {
    /** Null once the worker has its source and its script: what follows must not wait for the event loop, which blocks. */
    private loading: Promise<void> | null = null;

    constructor(url: string | URL, options?: Threads.WorkerOptions) {
      const blob = typeof url === 'string' && url.startsWith('blob:') ? resolveObjectURL(url) : undefined;
      if (blob === undefined) {
        super(url, options);
        return;
      }
      super(bootstrap, { eval: true });
      this.loading = blob.text().then((source) => super.postMessage(source));
    }

    override postMessage(message: LoadMessage, transfer?: readonly Threads.Transferable[]): void {
      if (this.loading === null) {
        super.postMessage(message, transfer);
        return;
      }
      this.loading = this.loading.then(async () => {
        const { urlOrBlob } = message;
        if (urlOrBlob instanceof Blob) {
          script ??= scriptFile(urlOrBlob);
          super.postMessage({ ...message, urlOrBlob: await script });
        } else {
          super.postMessage(message, transfer);
        }
        this.loading = null;
      });
    }
  };

  // It takes at most half of the cores that it is told about.
  const os = require('node:os') as { cpus: () => unknown[] };
  const cores = os.cpus();
  os.cpus = () => Array.from({ length: Math.max(cores.length, 2 * threads) }, (_, i) => cores[i % cores.length]);
}
