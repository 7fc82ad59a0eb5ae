import { FormatError } from '@forback/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { gunzip } from './gzip';
import { readTar } from './tar';

/** Made by GNU tar: a.txt ("hello"), d/empty, d/long (600 times "x"), and a link to a.txt. */
const archive =
  'H4sIAAAAAAACA+3X0Q6CIBTGcR6FJyhIkOdxy1WLpBlt9vZRV40LWxfizP/vBiYXbp6dz0OziUMU01JJbcx7TfI1sR/79Fwr47SQShRwv8Wml1L0' +
  'IYx+h2/nC3VsvQ8Ca7XfTv+OV1M7a0f6P987Z5SQlv4vUH8fusOs+a91pfL8r7Ul/0sYgAnwZ11K/reXa3zMPP/n+a/TCED+l+BP3bnI/OfcL/Wvb' +
  'CXkrilwOV15/QEAAAAAAAAAwP95AqFrWk4AKAAA';

describe('readTar', () => {
  let bytes: Uint8Array;
  beforeAll(async () => {
    bytes = await gunzip(Buffer.from(archive, 'base64'));
  });

  it('reads the regular files', () => {
    const files = readTar(bytes);
    expect([...files.keys()].sort()).toEqual(['a.txt', 'd/empty', 'd/long']);
    const text = (name: string) => new TextDecoder().decode(files.get(name));
    expect(text('a.txt')).toBe('hello');
    expect(text('d/empty')).toBe('');
    expect(text('d/long')).toBe('x'.repeat(600));
  });

  it('refuses an archive that is cut off before its end', () => {
    // Headers and contents end before the closing block of zeros.
    const end = bytes.length - bytes.toReversed().findIndex((byte) => byte !== 0);
    for (let length = 0; length < end; length += 37)
      expect(() => readTar(bytes.subarray(0, length))).toThrow(FormatError);
    expect(() => readTar(bytes.subarray(0, 512))).toThrow('truncated');
  });

  it('refuses damaged headers and foreign files', () => {
    for (let byte = 0; byte < 512; byte += 5) {
      // The check sum ends in a space that does not matter.
      if (byte === 155) continue;
      expect(() => readTar(bytes.with(byte, (bytes[byte] as number) ^ 0x15))).toThrow(FormatError);
    }
    expect(() => readTar(new Uint8Array(1024).fill(65))).toThrow('not a tar archive');
  });
});
