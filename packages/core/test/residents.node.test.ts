import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import './support/matchers';
import type { NDArray } from '../src/array/ndarray';
import { init, memory, useBackend } from '../src/backends/current';
import { startEngine, wasmBackend } from '../src/backends/wasm/backend';
import { Resident } from '../src/backends/wasm/resident';
import * as np from '../src/numpy';
import { array } from '../src/numpy/creation';
import { jit } from '../src/transforms/jit';

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;

/** Results of a megabyte in an engine with room for some of them. */
const n = 2 ** 18;
const double = jit((x: NDArray) => x.mul(2));
const copies = vi.spyOn(Resident.prototype, 'read');

beforeEach(() => {
  useBackend(wasmBackend(startEngine({ threads: 1, features: { relaxedSimd: false }, limitBytes: 2 ** 23 })));
  copies.mockClear();
});

afterAll(() => {
  vi.restoreAllMocks();
  init();
});

test('large results that are disposed of give their place to others', () => {
  const x = np.ones([n]);
  for (let i = 0; i < 100; i++) double(x).dispose();
  expect(copies).not.toHaveBeenCalled();
});

test('memory() counts what is there, and forgets what is disposed of', () => {
  const x = np.ones([n]);
  const before = memory();
  const results = [double(x), double(x), double(x)];
  const with3 = memory();
  expect(with3.arrayBytes - before.arrayBytes).toBeGreaterThanOrEqual(3 * 4 * n);
  expect(with3.arrays - before.arrays).toBeGreaterThanOrEqual(3);
  for (const result of results) result.dispose();
  const after = memory();
  expect(after.arrays).toBe(with3.arrays - 3);
  expect(with3.usedBytes - after.usedBytes).toBe(3 * 4 * n);
  expect(after.peakBytes).toBeGreaterThanOrEqual(with3.usedBytes);
  expect(after.peakBytes).toBeLessThanOrEqual(after.reservedBytes);
  init({ backend: 'reference' });
  expect(memory()).toEqual({ arrays: 0, arrayBytes: 0, usedBytes: 0, peakBytes: 0, reservedBytes: 0 });
});

test('so do those that nobody has any more, without being copied', async () => {
  const x = np.ones([n]);
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 3; i++) double(x);
    await new Promise((resume) => setImmediate(resume));
    collect();
  }
  expect(copies).not.toHaveBeenCalled();
});

test('those that are still in use move to JavaScript', () => {
  const results = Array.from({ length: 20 }, (_, i) => double(np.full([n], i)));
  expect(copies.mock.calls.length).toBeGreaterThan(10);
  for (const [i, result] of results.entries()) expect(result).toHaveSameBits(np.full([n], 2 * i));
});

test('a program that fails gives back the places of its results', () => {
  const fails = jit((x: NDArray, rows: NDArray) => [x.mul(2), np.take(x, rows)]);
  const x = np.ones([n]);
  const rows = array(new Int32Array(300).fill(-n - 1));
  for (let i = 0; i < 50; i++) expect(() => fails(x, rows)).toThrow(RangeError);
  expect(double(x)).toHaveSameBits(np.full([n], 2));
});
