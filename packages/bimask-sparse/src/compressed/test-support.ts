import { init, type NDArray, random } from '@forback/core';

/** Numbers of few values, so that magnitudes tie, zeros among them. */
export function tied(shape: readonly number[], seed: number): NDArray {
  return random.randint(random.key(seed), { shape, minval: -3, maxval: 4 }).astype('float32');
}

export function normal(shape: readonly number[], seed: number): NDArray {
  return random.normal(random.key(seed), { shape });
}

/** What `f` gives on a backend, as plain numbers. */
export function on(backend: 'wasm' | 'reference', f: () => readonly NDArray[]): number[][] {
  init({ backend });
  try {
    return f().map((x) => [...x.dataSync()]);
  } finally {
    init();
  }
}

/** All patterns that the papers use, and others. */
export const patterns = [
  ...[
    [1, 1],
    [1, 2],
    [2, 4],
    [1, 4],
    [4, 8],
    [2, 8],
    [1, 8],
    [1, 16],
  ],
  ...[
    [3, 7],
    [5, 5],
    [15, 16],
    [3, 20],
  ],
].map(([n, m]) => ({ n: n as number, m: m as number }));
