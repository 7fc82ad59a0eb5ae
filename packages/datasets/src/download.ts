import { FormatError } from '@forback/core';
import { verifiedContent } from './content';
import type { LocateOptions } from './load-options';
import type { PublishedFile } from './published-files';
import type { Sink } from './sink';
import { transfer } from './transfer';

const defaultConnectTimeout = 5_000;
const stallTimeout = 30_000;
const attemptsPerMirror = 5;

/** A file that no mirror could deliver, with a line for each mirror. */
export class DownloadFailure extends Error {
  readonly attempts: readonly string[];

  constructor(attempts: readonly string[]) {
    super(attempts.join('\n'));
    this.attempts = attempts;
  }
}

/**
 * The verified content of `file`, from the first mirror that delivers it; the mirror that did moves to the front of
 * `mirrors`. A transfer that breaks off is continued where it stopped; one with the wrong content starts again.
 */
export async function download(
  dataset: string,
  file: PublishedFile,
  mirrors: string[],
  sink: Sink,
  options: LocateOptions,
): Promise<Uint8Array> {
  const { signal, onProgress } = options;
  const failures: string[] = [];
  let committed = false;
  let thrownByCaller: unknown;
  try {
    for (const mirror of [...mirrors]) {
      const url = `${mirror}${mirror.endsWith('/') ? '' : '/'}${file.name}`;
      for (let attempt = 1; ; attempt++) {
        const before = sink.size;
        try {
          await transfer(url, sink, {
            fetch: options.fetch ?? globalThis.fetch,
            signal,
            connectTimeout: options.connectTimeout ?? defaultConnectTimeout,
            stallTimeout,
            maxBytes: Math.max(file.bytes, file.inflated ?? 0),
            onProgress: (received, total) => {
              try {
                onProgress?.({ dataset, file: file.name, url, received, total });
              } catch (error) {
                thrownByCaller = error;
                throw error;
              }
            },
          });
          const content = await verifiedContent(file, await sink.bytes(), url);
          await sink.commit();
          committed = true;
          mirrors.unshift(...mirrors.splice(mirrors.indexOf(mirror), 1));
          return content;
        } catch (error) {
          if (signal?.aborted) throw signal.reason ?? error;
          if (error === thrownByCaller) throw error;
          const foreign = error instanceof FormatError;
          const mayHelp = foreign ? before > 0 : sink.size > before;
          if (foreign) await sink.restart();
          if (mayHelp && attempt < attemptsPerMirror) continue;
          failures.push(`${url}: ${describe(error)}`);
          break;
        }
      }
    }
  } finally {
    if (!committed) await sink.suspend();
  }
  throw new DownloadFailure(failures);
}

/** The message of an error with those of its causes: `fetch` keeps the reason of a failure there. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message || (error as { code?: string }).code || error.name;
  return error.cause === undefined ? own : `${own} (${describe(error.cause)})`;
}
