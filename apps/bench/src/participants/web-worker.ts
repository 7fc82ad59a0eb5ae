import { resolveObjectURL } from 'node:buffer';
import { Worker as NodeWorker } from 'node:worker_threads';

const bootstrap = `
  const { parentPort } = require('node:worker_threads');
  globalThis.self = globalThis;
  globalThis.postMessage = (message) => parentPort.postMessage(message);
  parentPort.once('message', (source) => {
    (0, eval)(source);
    parentPort.on('message', (data) => self.onmessage({ data }));
  });`;

/** As much of a browser's Worker, made from a blob URL, as jax-js needs to find threads in Node. */
export class WebWorker {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: ((error: Error) => void) | null = null;
  private readonly worker = new NodeWorker(bootstrap, { eval: true });
  /** Null once the source has been sent. */
  private loading: Promise<void> | null;

  constructor(url: string) {
    this.worker.on('message', (data: unknown) => this.onmessage?.({ data }));
    this.worker.on('error', (error) => this.onerror?.(error as Error));
    this.loading = this.load(url);
  }

  private async load(url: string): Promise<void> {
    const source = await resolveObjectURL(url)?.text();
    if (source === undefined) throw new Error(`no object behind ${url}`);
    this.worker.postMessage(source);
    this.loading = null;
  }

  postMessage(message: unknown): void {
    if (this.loading === null) this.worker.postMessage(message);
    else this.loading = this.loading.then(() => this.worker.postMessage(message));
  }
}
