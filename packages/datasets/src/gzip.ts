import { FormatError } from '@forback/core';
import { concatenate } from './concatenate';

/** Whether the bytes begin as gzip data do (RFC 1952, section 2.3.1). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * The inflated content of gzip data, with the check sums of the format verified.
 *
 * Throws `FormatError` for data that are not gzip, damaged, cut off, or longer than `maxBytes` when inflated.
 */
export async function gunzip(bytes: Uint8Array, options: { readonly maxBytes?: number } = {}): Promise<Uint8Array> {
  const { maxBytes = Number.POSITIVE_INFINITY } = options;
  if (!isGzip(bytes)) {
    throw new FormatError(
      `gunzip: expected gzip data (first bytes 1f 8b), got ${bytes.length} bytes that start otherwise`,
    );
  }
  const inflater = new DecompressionStream('gzip');
  const writer = inflater.writable.getWriter();
  // Failures reach the reader below; without a handler they would also count as unhandled.
  writer.write(bytes as Uint8Array<ArrayBuffer>).catch(() => {});
  writer.close().catch(() => {});

  const reader = inflater.readable.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw new FormatError(
        `gunzip: the gzip data are damaged or cut off (${bytes.length} bytes): ${error instanceof Error ? error.message : String(error)}. Get the file again.`,
        { cause: error },
      );
    });
    if (done) break;
    chunks.push(value);
    length += value.length;
    if (length > maxBytes) {
      await reader.cancel();
      throw new FormatError(`gunzip: expected at most ${maxBytes} bytes of content, got more`);
    }
  }
  return concatenate(chunks, length);
}
