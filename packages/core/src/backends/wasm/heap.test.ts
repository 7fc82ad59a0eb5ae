import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BackendError } from '../../errors';
import { Heap, largestHeap } from './heap';

const page = 65536;

test('blocks begin at multiples of 64, do not overlap, and leave the reserved bytes and the end alone', () => {
  const step = fc.oneof(
    fc.record({ allocate: fc.oneof(fc.nat(300), fc.nat(200_000)) }),
    fc.record({ free: fc.nat(30) }),
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      const reserved = 100;
      const heap = new Heap({ shared: false, reserved });
      const blocks: { address: number; bytes: number; mark: number }[] = [];
      steps.forEach((s, mark) => {
        if ('allocate' in s) {
          const bytes = s.allocate;
          const address = heap.allocate(bytes);
          expect(address % 64).toBe(0);
          expect(address).toBeGreaterThanOrEqual(reserved);
          expect(address + bytes).toBeLessThanOrEqual(heap.bytes - 64);
          heap.view('bool', address, bytes).fill(mark);
          blocks.push({ address, bytes, mark });
        } else {
          const [block] = blocks.splice(s.free, 1);
          if (block) heap.free(block.address);
        }
      });
      // A block that overlapped another, or lost its contents when the memory grew, would not hold its own mark.
      for (const { address, bytes, mark } of blocks) {
        expect(heap.view('bool', address, bytes).every((byte) => byte === mark)).toBe(true);
      }
    }),
    { seed: 1, numRuns: 100 },
  );
});

test('free blocks join, in whatever order they are freed', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }), (order) => {
      const heap = new Heap({ shared: false, limitBytes: page });
      const addresses = order.map(() => heap.allocate(64 * 100));
      for (const i of order) heap.free(addresses[i] as number);
      // Everything but the reserved bytes and the slack at the end is one block again.
      expect(heap.allocate(page - 128)).toBe(64);
    }),
    { seed: 2, numRuns: 50 },
  );
});

describe('the smallest free block that fits is taken', () => {
  test('so that large ones stay whole', () => {
    const heap = new Heap({ shared: false, limitBytes: page });
    const [large, , small] = [640, 64, 128, 64].map((bytes) => heap.allocate(bytes)) as [number, number, number];
    heap.free(large);
    heap.free(small);
    expect(heap.allocate(100)).toBe(small);
    expect(heap.allocate(640)).toBe(large);
  });
});

test('freeing twice, or what was never allocated, changes nothing', () => {
  const heap = new Heap({ shared: false, limitBytes: page });
  const [first, second] = [heap.allocate(64), heap.allocate(64)];
  heap.free(first);
  heap.free(first);
  heap.free(12345);
  expect(heap.allocate(64)).toBe(first);
  expect(heap.allocate(64)).not.toBe(second);
});

test('growing keeps what is there; views are taken anew', () => {
  const heap = new Heap({ shared: false });
  const address = heap.allocate(64);
  heap.view('float64', address, 8).set([1, 2, 3, 4, 5, 6, 7, 8]);
  heap.allocate(10 * page);
  expect(heap.bytes).toBeGreaterThan(10 * page);
  expect([...heap.view('float64', address, 8)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(heap.all('int32').length).toBe(heap.bytes / 4);
});

describe('at the limit', () => {
  test('what does not fit is refused with the numbers of bytes, and the heap stays usable', () => {
    const heap = new Heap({ shared: false, limitBytes: 4 * page + 5 });
    const address = heap.allocate(3 * page);
    expect(() => heap.allocate(2 * page)).toThrow(BackendError);
    expect(() => heap.allocate(2 * page)).toThrow(`${2 * page} bytes are needed`);
    expect(() => heap.allocate(2 * page)).toThrow(`of at most ${4 * page} are in use`);
    heap.free(address);
    expect(heap.allocate(4 * page - 128)).toBe(64);
    expect(heap.bytes).toBe(4 * page);
  });

  test('others are asked to leave when the memory cannot grow', () => {
    const heap = new Heap({ shared: false, limitBytes: 2 * page });
    const kept = [heap.allocate(page / 2), heap.allocate(page)];
    let asked = 0;
    heap.reclaim = () => {
      asked++;
      const block = kept.pop();
      if (block === undefined) return false;
      heap.free(block);
      return true;
    };
    expect(heap.allocate(page)).toBeGreaterThan(0);
    expect(asked).toBe(1);
    expect(() => heap.allocate(2 * page)).toThrow(BackendError);
  });

  test('addresses stay below 2^31', () => {
    expect(new Heap({ shared: false, limitBytes: 2 ** 40 }).limits.maximum * page).toBe(largestHeap);
    expect(largestHeap).toBeLessThan(2 ** 31);
  });
});
