import type { AbortSignalLike } from './options';

/** Milliseconds of work after which the event loop gets a turn. */
const turn = 30;

/** Lets other work of the process run from time to time, and stops on an AbortSignal. */
export class Pacer {
  private last = performance.now();

  constructor(private readonly signal: AbortSignalLike | undefined) {}

  /** @throws the signal's reason once it has been aborted. */
  async pause(): Promise<void> {
    this.signal?.throwIfAborted();
    if (performance.now() - this.last < turn) return;
    await new Promise((resume) => setTimeout(resume));
    this.last = performance.now();
    this.signal?.throwIfAborted();
  }
}
