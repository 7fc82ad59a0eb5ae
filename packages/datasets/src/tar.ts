import { FormatError } from '@forback/core';

const block = 512;

/**
 * The regular files of a tar archive (POSIX ustar), by their path; the contents are views of `bytes`.
 * Links, folders and extended headers are passed over.
 */
export function readTar(bytes: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let offset = 0;
  for (;;) {
    const header = bytes.subarray(offset, offset + block);
    if (header.length < block) {
      throw new FormatError(
        `readTar: expected a header at byte ${offset}, got the end of the file; the archive is truncated`,
      );
    }
    if (header.every((byte) => byte === 0)) return files;
    if (octal(header, 148, 8) !== headerSum(header)) {
      throw new FormatError(
        `readTar: expected a header with a valid check sum at byte ${offset}; this is not a tar archive`,
      );
    }
    const size = octal(header, 124, 12);
    const start = offset + block;
    // Written so that an unreadable size fails too.
    if (!(start + size <= bytes.length)) {
      throw new FormatError(
        `readTar: expected ${size} bytes at byte ${start}, got ${bytes.length - start}; the archive is truncated`,
      );
    }
    const type = header[156];
    if (type === 0 || type === 0x30) {
      const prefix = text(header, 345, 155);
      const name = text(header, 0, 100);
      files.set(prefix === '' ? name : `${prefix}/${name}`, bytes.subarray(start, start + size));
    }
    offset = start + Math.ceil(size / block) * block;
  }
}

function text(header: Uint8Array, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function octal(header: Uint8Array, start: number, length: number): number {
  const digits = text(header, start, length).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

/** The sum of the header's bytes with the check sum field itself taken as spaces. */
function headerSum(header: Uint8Array): number {
  return header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 0x20 : byte), 0);
}
