import { FormatError } from '@forback/core';
import { isGzip } from './gzip';

/** The content of an idx file: `data` holds the entries row by row. */
export interface IdxFile {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const unsignedByte = 0x08;
const rankOf = { images: 3, labels: 1 } as const;

/**
 * Parses an idx file of unsigned bytes (the format of MNIST and its relatives): two zero bytes, the type 8, the number
 * of dimensions, then each dimension as a big-endian 32-bit integer, then the entries. `data` is a view of `bytes`.
 *
 * With `expect`, images must have three dimensions (magic number 2051) and labels one (2049).
 * Throws `FormatError` for foreign, truncated and over-long files.
 *
 * Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", file formats.
 */
export function parseIdx(bytes: Uint8Array, options: { readonly expect?: 'images' | 'labels' } = {}): IdxFile {
  const { expect } = options;
  if (isGzip(bytes)) throw new FormatError('parseIdx: expected idx data, got gzip data; call gunzip(bytes) first');
  if (bytes.length < 4) {
    throw new FormatError(`parseIdx: expected at least the 4 bytes of a magic number, got ${bytes.length} bytes`);
  }
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = header.getUint8(2);
  const rank = header.getUint8(3);
  if (header.getUint16(0) !== 0 || rank === 0) {
    throw new FormatError(
      `parseIdx: expected an idx magic number (00 00 type rank), got ${hex(bytes.subarray(0, 4))}; this is not an idx file`,
    );
  }
  if (type !== unsignedByte) {
    throw new FormatError(`parseIdx: expected unsigned bytes (type 08), got type ${hex(bytes.subarray(2, 3))}`);
  }
  if (expect !== undefined && rank !== rankOf[expect]) {
    const found = rank === 1 ? 'labels' : rank === 3 ? 'images' : 'neither images nor labels';
    throw new FormatError(
      `parseIdx: expected ${expect} (${rankOf[expect]} dimensions), got ${rank} dimensions: the file holds ${found}`,
    );
  }
  const start = 4 + 4 * rank;
  if (bytes.length < start) {
    throw new FormatError(
      `parseIdx: expected a header of ${start} bytes, got a file of ${bytes.length} bytes; it is truncated`,
    );
  }
  const shape = Array.from({ length: rank }, (_, axis) => header.getUint32(4 + 4 * axis));
  const size = shape.reduce((product, n) => product * n, 1);
  const found = bytes.length - start;
  if (found !== size) {
    throw new FormatError(
      `parseIdx: expected ${size} entries for shape [${shape.join(', ')}], got ${found}; ` +
        (found < size ? 'the file is truncated' : 'the file has extra bytes at its end'),
    );
  }
  return { shape, data: bytes.subarray(start) };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
