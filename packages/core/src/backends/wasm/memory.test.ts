import { expect, test } from 'vitest';
import { BackendError } from '../../errors';
import { ScratchLayout, ScratchMemory, scratchMemory } from './memory';

const page = 65536;

test('memory grows to what is asked for and keeps what it holds', () => {
  const scratch = new ScratchMemory();
  scratch.float32[3] = 1.5;
  const before = scratch.float32;
  scratch.reserve(10 * page + 1);
  expect(scratch.bytes).toBeGreaterThanOrEqual(10 * page + 1);
  expect(before.length).toBe(0);
  expect(scratch.float32[3]).toBe(1.5);
  expect(scratch.float64.length).toBe(scratch.bytes / 8);
  expect(scratch.int32.length).toBe(scratch.bytes / 4);
});

test('memory that is there already is reused, views and all', () => {
  const scratch = new ScratchMemory();
  scratch.reserve(5 * page);
  const { bytes, float32, float64, int32 } = scratch;
  scratch.reserve(bytes);
  scratch.reserve(1);
  expect(scratch.bytes).toBe(bytes);
  expect(scratch.float32).toBe(float32);
  expect(scratch.float64).toBe(float64);
  expect(scratch.int32).toBe(int32);
  expect(scratch.floats('float32')).toBe(float32);
  expect(scratch.floats('float64')).toBe(float64);
});

test('what does not fit is refused with the number of bytes, and the memory stays usable', () => {
  const scratch = new ScratchMemory(4 * page);
  scratch.reserve(4 * page);
  scratch.float32[0] = 2;
  expect(() => scratch.reserve(4 * page + 1)).toThrow(BackendError);
  expect(() => scratch.reserve(4 * page + 1)).toThrow(`expected ${4 * page + 1} bytes`);
  expect(() => new ScratchMemory().reserve(2 ** 31)).toThrow(`expected ${2 ** 31} bytes`);
  expect(scratch.bytes).toBe(4 * page);
  expect(scratch.float32[0]).toBe(2);
});

test('all kernels share one memory', () => {
  expect(scratchMemory()).toBe(scratchMemory());
});

test('regions do not overlap and begin on 64-byte boundaries', () => {
  const layout = new ScratchLayout();
  const sizes = [1, 64, 65, 0, 100];
  const addresses = sizes.map((size) => layout.take(size));
  expect(addresses).toEqual([0, 64, 128, 256, 256]);
  expect(layout.bytes).toBe(384);
});
