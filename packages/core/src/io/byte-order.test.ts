import { expect, test } from 'vitest';
import { inFileOrder, reversed } from './byte-order';

test('files are little-endian', () => {
  const bytes = new Uint8Array(Uint32Array.of(0x01020304).buffer);
  expect([...inFileOrder(bytes, 4)]).toEqual([4, 3, 2, 1]);
});

test('a machine of the other order reverses each element, in a copy', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  expect([...reversed(bytes, 4)]).toEqual([4, 3, 2, 1, 8, 7, 6, 5]);
  expect([...reversed(bytes, 8)]).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
  expect([...reversed(bytes, 1)]).toEqual([...bytes]);
  expect([...bytes]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});
