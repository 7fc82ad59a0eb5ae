import { expect } from 'vitest';
import { NDArray } from '../../src/array/ndarray';
import { showType } from '../../src/array/shape';
import { array } from '../../src/numpy/creation';
import { flatten } from '../../src/tree';
import { showTreeDef } from '../../src/tree/tree';

export interface Tolerance {
  /** Relative to the expected element. Default: 1e-6. */
  rtol?: number;
  /** Default: 1e-8. */
  atol?: number;
}

interface ArrayMatchers<R> {
  /** Equal trees of arrays: structures, shapes, dtypes, and elements up to a tolerance; NaN equals NaN. */
  toBeAllclose(expected: unknown, tolerance?: Tolerance): R;
  /** Equal trees of arrays, element by element and bit by bit; −0 is not 0, NaN equals NaN. */
  toHaveSameBits(expected: unknown): R;
}

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: the parameter list must be that of vitest's own interface.
  interface Assertion<T = any> extends ArrayMatchers<T> {}
  interface AsymmetricMatchersContaining extends ArrayMatchers<unknown> {}
}

type Same = (actual: number, expected: number) => boolean;

/** The first difference of two trees of arrays as text; null if there is none. */
function difference(actual: unknown, expected: unknown, same: Same, dtypes: boolean): string | null {
  const [a, b] = [flatten(actual), flatten(expected)];
  if (showTreeDef(a.treedef) !== showTreeDef(b.treedef)) {
    return `structures differ: ${showTreeDef(a.treedef)} instead of ${showTreeDef(b.treedef)}`;
  }
  for (const [i, x] of a.leaves.entries()) {
    const y = b.leaves[i] as NDArray;
    const fits = dtypes ? showType(x) === showType(y) : x.shape.join() === y.shape.join();
    if (!fits) return `leaf ${i} is ${showType(x)} instead of ${showType(y)}`;
    const [left, right] = [x.dataSync(), y.dataSync()];
    const at = left.findIndex((value, k) => !same(value, right[k] as number));
    if (at >= 0) {
      return `leaf ${i}, element ${at} is ${left[at]} instead of ${right[at]}\nreceived ${x}\nexpected ${y}`;
    }
  }
  return null;
}

/** A nested list stands for an array; then only shape and numbers are compared. */
function asTree(received: unknown, expected: unknown): { tree: unknown; dtypes: boolean } {
  if (!(received instanceof NDArray) || expected instanceof NDArray) return { tree: expected, dtypes: true };
  return { tree: array(expected as number[], { dtype: 'float64' }), dtypes: false };
}

expect.extend({
  toBeAllclose(received: unknown, expected: unknown, { rtol = 1e-6, atol = 1e-8 }: Tolerance = {}) {
    const same: Same = (x, y) => Object.is(x, y) || x === y || Math.abs(x - y) <= atol + rtol * Math.abs(y);
    const { tree, dtypes } = asTree(received, expected);
    const found = difference(received, tree, same, dtypes);
    return { pass: found === null, message: () => found ?? 'expected some element to differ' };
  },
  toHaveSameBits(received: unknown, expected: unknown) {
    const { tree, dtypes } = asTree(received, expected);
    const found = difference(received, tree, Object.is, dtypes);
    return { pass: found === null, message: () => found ?? 'expected some bit to differ' };
  },
});
