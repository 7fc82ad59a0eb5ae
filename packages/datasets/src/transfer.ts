import { FormatError } from '@forback/core';
import type { AbortSignalLike, Fetch } from './load-options';
import type { Sink } from './sink';

export interface TransferOptions {
  readonly fetch: Fetch;
  readonly signal: AbortSignalLike | undefined;
  /** Milliseconds until the response must begin. */
  readonly connectTimeout: number;
  /** Milliseconds that may pass without a byte. */
  readonly stallTimeout: number;
  /** A longer file is not the one that was asked for. */
  readonly maxBytes: number;
  readonly onProgress: (received: number, total: number | undefined) => void;
}

/** Fetches what `sink` does not have yet of the file at `url`. */
export async function transfer(url: string, sink: Sink, options: TransferOptions): Promise<void> {
  const controller = new AbortController();
  const abort = () => controller.abort(options.signal?.reason);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expectWithin = (milliseconds: number, what: string) => {
    clearTimeout(timer);
    timer = setTimeout(() => controller.abort(new Error(`no ${what} within ${milliseconds} ms`)), milliseconds);
  };
  if (options.signal?.aborted) abort();
  options.signal?.addEventListener('abort', abort);
  try {
    expectWithin(options.connectTimeout, 'answer');
    // A server that compresses on the way would make byte ranges mean something else.
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (sink.size > 0) headers.range = `bytes=${sink.size}-`;
    const response = await options.fetch(url, { headers, signal: controller.signal });
    const total = await begin(response, sink);
    if (total === 'complete') return;

    options.onProgress(sink.size, total);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    for (;;) {
      expectWithin(options.stallTimeout, 'data');
      const { done, value } = await reader.read();
      if (done) break;
      if (sink.size + value.length > options.maxBytes) {
        throw new FormatError(`expected at most ${options.maxBytes} bytes, got more`);
      }
      await sink.append(value);
      options.onProgress(sink.size, total);
    }
    if (total !== undefined && sink.size < total)
      throw new Error(`the connection ended after ${sink.size} of ${total} bytes`);
  } catch (error) {
    // An aborted fetch fails with errors of many kinds; the reason says which of the causes above it was.
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', abort);
    // Ends the connection where the body was not read to its end.
    controller.abort();
  }
}

/** Brings `sink` in line with what the response is going to send; answers the size of the whole file. */
async function begin(response: Response, sink: Sink): Promise<number | undefined | 'complete'> {
  // Nothing exists beyond what is here: either all of it is, or it is foreign, which its digest shows.
  if (response.status === 416 && sink.size > 0) return 'complete';
  if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status} ${response.statusText}`.trim());
  if (response.status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
    if (range === null || Number(range[1]) !== sink.size) {
      throw new FormatError(`expected the bytes from ${sink.size} on, got "${response.headers.get('content-range')}"`);
    }
    return range[2] === '*' ? undefined : Number(range[2]);
  }
  await sink.restart();
  const length = response.headers.get('content-length');
  // The length of an encoded body is not that of the file.
  return length === null || response.headers.has('content-encoding') ? undefined : Number(length);
}
