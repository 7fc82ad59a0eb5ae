import type { Kernel } from './types';

export const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
export const PARITY = 0x1bd11bda;

/**
 * Threefry-2x32 with 20 rounds: encrypts the counter (x0, x1) under the key (k0, k1), all 32-bit unsigned integers.
 * Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011).
 */
export function threefry2x32(k0: number, k1: number, x0: number, x1: number): [number, number] {
  const keys = [k0, k1, k0 ^ k1 ^ PARITY];
  let a = (x0 + k0) | 0;
  let b = (x1 + k1) | 0;
  for (let round = 0; round < 20; round++) {
    const rotation = ROTATIONS[round % 8] as number;
    a = (a + b) | 0;
    b = ((b << rotation) | (b >>> (32 - rotation))) ^ a;
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      a = (a + (keys[injection % 3] as number)) | 0;
      b = (b + (keys[(injection + 1) % 3] as number) + injection) | 0;
    }
  }
  return [a >>> 0, b >>> 0];
}

/** Elementwise `threefry2x32` over `n` blocks: inputs k0, k1, x0, x1 and outputs y0, y1, all uint32 of length n. */
export function threefryKernel(n: number): Kernel {
  return ([k0, k1, x0, x1], [y0, y1]) => {
    if (!k0 || !k1 || !x0 || !x1 || !y0 || !y1) {
      throw new TypeError('threefry: expected four inputs and two outputs');
    }
    for (let i = 0; i < n; i++) {
      const block = threefry2x32(k0[i] as number, k1[i] as number, x0[i] as number, x1[i] as number);
      y0[i] = block[0];
      y1[i] = block[1];
    }
  };
}
