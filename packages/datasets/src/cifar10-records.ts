import { FormatError } from '@forback/core';

/** Records of a CIFAR-10 file: `images` is [count, 3, 32, 32] (R, G, B planes), `labels` is [count] with values 0 to 9. */
export interface Cifar10Records {
  readonly count: number;
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

const pixels = 3 * 32 * 32;
const recordBytes = 1 + pixels;

/**
 * Parses a file of the binary version of CIFAR-10: records of one label byte and 3,072 pixel bytes.
 *
 * Throws `FormatError` for an empty file, a size that is not a whole number of records, and labels above 9.
 *
 * Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009; binary version of the data set.
 */
export function parseCifar10(bytes: Uint8Array): Cifar10Records {
  if (bytes.length === 0 || bytes.length % recordBytes !== 0) {
    const hint =
      bytes.length > 0 && bytes.length % (recordBytes + 1) === 0 ? ' (two label bytes: is it CIFAR-100?)' : '';
    throw new FormatError(
      `parseCifar10: expected a whole number of ${recordBytes}-byte records, got ${bytes.length} bytes${hint}; ` +
        'the file is truncated or not of the binary version of CIFAR-10',
    );
  }
  const count = bytes.length / recordBytes;
  const images = new Uint8Array(count * pixels);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const label = bytes[i * recordBytes] as number;
    if (label > 9) {
      throw new FormatError(
        `parseCifar10: expected a label from 0 to 9 in record ${i}, got ${label}; this is not a CIFAR-10 file`,
      );
    }
    labels[i] = label;
    images.set(bytes.subarray(i * recordBytes + 1, (i + 1) * recordBytes), i * pixels);
  }
  return { count, images, labels };
}
