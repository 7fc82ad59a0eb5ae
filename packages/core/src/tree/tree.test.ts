import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import '../../test/support/matchers';
import { array, np, TreeError } from '../index';
import * as tree from '.';

const x = array([1, 2]);
const y = array([[3]]);

/** Trees of numbers, with nothing here and there. */
const trees = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.float({ noNaN: true }),
    fc.constant(null),
    fc.constant(undefined),
    fc.boolean(),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(
      fc.string({ maxLength: 3 }).filter((key) => key !== '__proto__'),
      tie('tree'),
      { maxKeys: 3 },
    ),
  ),
})).tree;

describe('flatten and unflatten', () => {
  test('give the leaves in order, records by sorted key', () => {
    const { leaves, treedef } = tree.flatten({ b: [x, { z: y }], a: 3, none: null });
    expect(leaves.map((leaf) => leaf.shape)).toEqual([[], [2], [1, 1]]);
    expect(leaves[0]?.dtype).toBe('float32');
    expect(tree.unflatten(treedef, ['A', 'X', 'Y'])).toEqual({ a: 'A', b: ['X', { z: 'Y' }], none: null });
  });

  test('are inverse for any tree', () => {
    fc.assert(
      fc.property(trees, (value) => {
        const { leaves, treedef } = tree.flatten(value);
        const numbers = leaves.map((leaf) => leaf.toJS());
        expect(tree.unflatten(treedef, numbers)).toEqual(value);
      }),
    );
  });

  test('of nothing are nothing', () => {
    for (const nothing of [null, undefined, [], {}]) {
      const { leaves, treedef } = tree.flatten(nothing);
      expect(leaves).toEqual([]);
      expect(tree.unflatten(treedef, [])).toEqual(nothing);
    }
  });
});

describe('functions of leaves', () => {
  test('map keeps the structure and walks several trees together', () => {
    const a = { w: x, list: [y, 2] };
    expect(tree.map((leaf) => leaf.mul(2), a)).toHaveSameBits({ w: x.mul(2), list: [y.mul(2), array(4)] });
    expect(tree.map((l, r) => l.add(r as typeof l), a, a)).toHaveSameBits(tree.map((leaf) => leaf.mul(2), a));
    expect(() => tree.map((l) => l, a, { w: x, list: [y] })).toThrow(TreeError);
    expect(() => tree.map((l) => l, { a: null }, { a: undefined })).toThrow(TreeError);
  });

  test('reduce and leaves go from left to right', () => {
    expect(tree.reduce((n, leaf) => n * 10 + leaf.size, { b: x, a: y }, 0)).toBe(12);
    expect(tree.leaves([[x], y]).map((leaf) => leaf.ndim)).toEqual([1, 2]);
  });

  test('paths and show name the leaves', () => {
    const value = { layers: [{ w: x }, { w: y }], rate: 0.5 };
    expect(tree.paths(value).map(({ path }) => path)).toEqual(['layers[0].w', 'layers[1].w', 'rate']);
    expect(tree.show(value)).toBe('layers[0].w: float32[2]\nlayers[1].w: float32[1, 1]\nrate: float32[]');
    expect(tree.show(x)).toBe('value: float32[2]');
    expect(tree.paths(np.zeros([0])).map(({ path }) => path)).toEqual(['']);
  });

  test('take plain objects alone, whatever their prototype', () => {
    const bare = Object.assign(Object.create(null) as object, { w: x });
    expect(tree.leaves(bare)[0]).toBe(x);
    for (const value of [new Map(), new Date(0), new Float32Array(1), Symbol('s'), 1n, () => x, 'text']) {
      expect(() => tree.leaves({ a: [value] })).toThrow(/tree\.leaves: a\[0\] is /);
    }
  });
});
