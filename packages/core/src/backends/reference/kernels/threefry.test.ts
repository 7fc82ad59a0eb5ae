import { expect, test } from 'vitest';
import { run } from './test-support';
import { threefry2x32, threefryKernel } from './threefry';

// The known answers that come with Random123: key, counter, result.
const KNOWN = [
  [0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x6b200159, 0x99ba4efe],
  [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7],
  [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, 0xc4923a9c, 0x483df7a0],
] as const;

test('the published answers', () => {
  for (const [k0, k1, x0, x1, y0, y1] of KNOWN) expect(threefry2x32(k0, k1, x0, x1)).toEqual([y0, y1]);
});

test('the kernel is elementwise', () => {
  const column = (i: 0 | 1 | 2 | 3 | 4 | 5) => Uint32Array.from(KNOWN, (row) => row[i]);
  const inputs = [column(0), column(1), column(2), column(3)];
  expect(run(threefryKernel(3), inputs, new Uint32Array(3), new Uint32Array(3))).toEqual([column(4), column(5)]);
});

test('missing buffers are refused', () => {
  expect(() => threefryKernel(1)([], [])).toThrow('threefry: expected four inputs and two outputs');
});
