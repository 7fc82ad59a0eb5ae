import { FormatError } from '@forback/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIdx } from './idx';
import { idxFile } from './test-support';

const arrays = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }).chain((shape) => {
  const size = shape.reduce((product, n) => product * n, 1);
  return fc.record({ shape: fc.constant(shape), data: fc.uint8Array({ minLength: size, maxLength: size }) });
});

describe('parseIdx', () => {
  it('reads what was written', () => {
    fc.assert(
      fc.property(arrays, ({ shape, data }) => {
        const parsed = parseIdx(idxFile(shape, data));
        expect(parsed.shape).toEqual(shape);
        expect(Array.from(parsed.data)).toEqual(Array.from(data));
      }),
    );
  });

  it('reads from the middle of a buffer', () => {
    const file = idxFile([2, 2], Uint8Array.of(1, 2, 3, 4));
    const buffer = new Uint8Array(file.length + 7);
    buffer.set(file, 3);
    expect(parseIdx(buffer.subarray(3, 3 + file.length))).toEqual({ shape: [2, 2], data: Uint8Array.of(1, 2, 3, 4) });
  });

  it('refuses a file that is cut off at any byte, or goes on after its end', () => {
    fc.assert(
      fc.property(arrays, fc.uint8Array({ minLength: 1, maxLength: 9 }), ({ shape, data }, extra) => {
        const file = idxFile(shape, data);
        for (let length = 0; length < file.length; length++) {
          expect(() => parseIdx(file.subarray(0, length))).toThrow(FormatError);
        }
        expect(() => parseIdx(Uint8Array.of(...file, ...extra))).toThrow('extra bytes');
      }),
    );
  });

  it('says which header bytes are wrong', () => {
    const file = idxFile([1, 2, 2], Uint8Array.of(1, 2, 3, 4));
    for (let byte = 0; byte < 16; byte++) {
      const damaged = file.with(byte, (file[byte] as number) ^ 0x11);
      expect(() => parseIdx(damaged)).toThrow(FormatError);
    }
    expect(() => parseIdx(file.with(0, 1))).toThrow('got 01 00 08 03; this is not an idx file');
    expect(() => parseIdx(file.with(2, 0x0d))).toThrow('expected unsigned bytes (type 08), got type 0d');
    expect(() => parseIdx(file.with(7, 9))).toThrow(
      'expected 36 entries for shape [9, 2, 2], got 4; the file is truncated',
    );
    expect(() => parseIdx(file.subarray(0, 10))).toThrow('expected a header of 16 bytes, got a file of 10 bytes');
    expect(() => parseIdx(idxFile([], Uint8Array.of(7)))).toThrow('not an idx file');
  });

  it('refuses gzip data and other foreign files', () => {
    expect(() => parseIdx(Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0))).toThrow('call gunzip(bytes) first');
    expect(() => parseIdx(new TextEncoder().encode('<!DOCTYPE html><html></html>'))).toThrow('not an idx file');
  });

  it('tells images from labels', () => {
    const images = idxFile([2, 1, 1], Uint8Array.of(1, 2));
    const labels = idxFile([2], Uint8Array.of(1, 2));
    expect(parseIdx(images, { expect: 'images' }).shape).toEqual([2, 1, 1]);
    expect(parseIdx(labels, { expect: 'labels' }).shape).toEqual([2]);
    expect(() => parseIdx(labels, { expect: 'images' })).toThrow(
      'expected images (3 dimensions), got 1 dimensions: the file holds labels',
    );
    expect(() => parseIdx(images, { expect: 'labels' })).toThrow('the file holds images');
  });
});
