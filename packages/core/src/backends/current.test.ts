import { afterEach, describe, expect, test, vi } from 'vitest';
import '../../test/support/matchers';
import { ArgumentError, BackendError } from '../errors';
import * as np from '../numpy';
import { init } from './current';

describe('init', () => {
  afterEach(() => init());

  test.each([
    [{ backend: 'gpu' }, /expected backend to be 'wasm' or 'reference', got gpu/],
    [{ threads: 0 }, /expected threads to be a whole number from 1 to 256, got 0/],
    [{ threads: 1.5 }, /got 1.5/],
    [{ threads: '2' }, /got 2/],
    [{ relaxedSimd: 1 }, /expected relaxedSimd to be true or false, got 1/],
    [{ revectorize: 'yes' }, /expected revectorize to be true or false, got yes/],
    [{ thread: 2 }, /expected options among backend, threads, relaxedSimd, revectorize, got thread/],
  ])('refuses %j', (options, message) => {
    expect(() => init(options as never)).toThrow(ArgumentError);
    expect(() => init(options as never)).toThrow(message);
  });

  test('without SIMD refuses "wasm", warns once otherwise, and leaves arrays readable', () => {
    const x = np.arange(300).mul(2);
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    try {
      // A number of threads that no engine has been made for.
      expect(() => init({ backend: 'wasm', threads: 7 })).toThrow(BackendError);
      expect(() => init({ backend: 'wasm', threads: 7 })).toThrow(/no WebAssembly SIMD; use a newer one/);
      for (let i = 0; i < 2; i++) init();
      expect(warn.mock.calls.map(([message]) => message)).toEqual([expect.stringContaining('no WebAssembly SIMD')]);
      expect(np.add(x, 1)).toHaveSameBits(np.arange(300).mul(2).add(1));
    } finally {
      vi.restoreAllMocks();
    }
  });

  test('changes nothing about arrays that exist', () => {
    const x = np.arange(5);
    for (const options of [{ backend: 'reference' }, { threads: 1 }, { threads: 2 }, {}] as const) {
      init(options);
      expect(np.add(x, 1)).toHaveSameBits(np.arange(6).slice([1, 6]));
    }
  });
});
