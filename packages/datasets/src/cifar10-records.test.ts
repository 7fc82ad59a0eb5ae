import { FormatError } from '@forback/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCifar10 } from './cifar10-records';
import { sampleBytes } from './test-support';

function recordFile(labels: readonly number[]): Uint8Array {
  const bytes = sampleBytes(3073 * labels.length);
  labels.forEach((label, i) => {
    bytes[3073 * i] = label;
  });
  return bytes;
}

describe('parseCifar10', () => {
  it('separates labels and pixels', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 4 }), (labels) => {
        const file = recordFile(labels);
        const { count, images, labels: found } = parseCifar10(file);
        expect(count).toBe(labels.length);
        expect(Array.from(found)).toEqual(labels);
        for (let i = 0; i < count; i++) {
          const same = Buffer.compare(
            images.subarray(3072 * i, 3072 * (i + 1)),
            file.subarray(3073 * i + 1, 3073 * (i + 1)),
          );
          expect(same).toBe(0);
        }
      }),
    );
  });

  it('refuses every size that is not a whole number of records', () => {
    const file = recordFile([1, 2]);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: file.length - 1 }), (length) => {
        fc.pre(length !== 3073);
        expect(() => parseCifar10(file.subarray(0, length))).toThrow(FormatError);
      }),
    );
    expect(() => parseCifar10(new Uint8Array(0))).toThrow('got 0 bytes');
  });

  it('refuses labels above 9 and says where', () => {
    expect(() => parseCifar10(recordFile([3, 10]))).toThrow('expected a label from 0 to 9 in record 1, got 10');
  });

  it('recognises the records of CIFAR-100', () => {
    expect(() => parseCifar10(new Uint8Array(3074 * 2))).toThrow('is it CIFAR-100?');
  });
});
