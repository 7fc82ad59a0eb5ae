import { gzipSync } from 'node:zlib';
import { FormatError } from '@forback/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gunzip, isGzip } from './gzip';
import { sampleBytes } from './test-support';

describe('gunzip', () => {
  it('inflates what zlib has deflated', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (content) => {
        expect(Array.from(await gunzip(gzipSync(content)))).toEqual(Array.from(content));
      }),
      { numRuns: 40 },
    );
    const large = sampleBytes(300_000);
    expect(Buffer.compare(await gunzip(gzipSync(large)), large)).toBe(0);
  });

  it('refuses data that are cut off at any byte', async () => {
    const data = gzipSync(sampleBytes(40));
    for (let length = 0; length < data.length; length++) {
      await expect(gunzip(data.subarray(0, length))).rejects.toThrow(FormatError);
    }
  });

  it('never gives other content for damaged data', async () => {
    const content = sampleBytes(40);
    const data = gzipSync(content);
    let noticed = 0;
    for (let byte = 2; byte < data.length; byte++) {
      const damaged = Uint8Array.from(data);
      damaged[byte] = (damaged[byte] as number) ^ 0x40;
      const result = await gunzip(damaged).catch((error: unknown) => error);
      if (result instanceof FormatError) noticed++;
      else expect(result).toEqual(content);
    }
    // Only the time stamp, the system and padding bits of the format do not matter.
    expect(noticed).toBeGreaterThanOrEqual(data.length - 10);
  });

  it('refuses foreign data and too much content', async () => {
    await expect(gunzip(Uint8Array.of(1, 2, 3))).rejects.toThrow('expected gzip data');
    await expect(gunzip(gzipSync(new Uint8Array(1000)), { maxBytes: 999 })).rejects.toThrow('at most 999 bytes');
    expect(await gunzip(gzipSync(new Uint8Array(1000)), { maxBytes: 1000 })).toHaveLength(1000);
  });
});

describe('isGzip', () => {
  it('looks at the first two bytes', () => {
    expect(isGzip(gzipSync(''))).toBe(true);
    expect(isGzip(Uint8Array.of(0x1f))).toBe(false);
    expect(isGzip(Uint8Array.of(0, 0, 8, 3))).toBe(false);
  });
});
