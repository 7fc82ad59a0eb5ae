import { afterEach, describe, expect, it, vi } from 'vitest';
import { sha256 } from './sha256';

afterEach(() => vi.unstubAllGlobals());

describe('sha256', () => {
  it('agrees with the vectors of FIPS 180-4', async () => {
    expect(await sha256(new TextEncoder().encode('abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(await sha256(new Uint8Array(0))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('says what to do on a page that is not a secure context', async () => {
    vi.stubGlobal('crypto', {});
    await expect(sha256(new Uint8Array(1))).rejects.toThrow('serve it over https or from localhost');
  });
});
