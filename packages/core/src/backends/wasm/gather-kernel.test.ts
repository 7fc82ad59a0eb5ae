import { describe, expect, test } from 'vitest';
import { expectReference } from '../../../test/support/engines';
import { forAll, type Sampler } from '../../../test/support/sampler';
import { extreme, positions, values } from '../../../test/support/values';
import { dtypes, numbers } from '../../array/dtype';
import type { NDArray } from '../../array/ndarray';
import { init } from '../../backends/current';
import { broadcastInDim } from '../../primitives/broadcast';
import { gather, scatterAdd } from '../../primitives/gather';
import { slice } from '../../primitives/structure';
import { transpose } from '../../primitives/transpose';
import { jit } from '../../transforms/jit';

/** [batch..., pre..., extent, post...] and indices [batch..., I...]; now and then an index is out of range. */
function indexed(s: Sampler) {
  const axes = (most: number, sizes: readonly number[]) => Array.from({ length: s.int(0, most) }, () => s.pick(sizes));
  const batch = axes(1, [2, 3]);
  const pre = axes(1, [2, 5]);
  const post = axes(2, [1, 2, 3, 8, 37]);
  const extent = s.int(1, 40);
  const picked = axes(2, [3, 20, 9, 0]);
  const first = s.int(0, 9) === 0 ? s.pick([-1, 1]) : 0;
  return {
    operand: [...batch, ...pre, extent, ...post],
    result: [...batch, ...pre, ...picked, ...post],
    indices: positions([...batch, ...picked], extent, s.seed(), first),
    params: { axis: batch.length + pre.length, batchDims: batch.length },
  };
}

describe('gather and scatterAdd give the bits and the errors of the reference', () => {
  test('gather', () => {
    forAll(150, (s) => {
      const { operand, indices, params } = indexed(s);
      const x = values(operand, s.pick(dtypes), s.seed(), { odd: extreme });
      expectReference((a, i) => gather(a, i as NDArray, params), [x, indices]);
    });
  });

  test('scatterAdd', () => {
    forAll(150, (s) => {
      const { operand, result, indices, params } = indexed(s);
      const dtype = s.pick(numbers);
      const odd = s.pick([[], extreme]);
      const x = values(operand, dtype, s.seed(), { odd });
      const updates = values(result, dtype, s.seed(), { odd });
      expectReference((a, i, u) => scatterAdd(a, i as NDArray, u as NDArray, params), [x, indices, updates]);
    });
  });

  test('scatterAdd of operands of any layout', () => {
    const params = { axis: 0, batchDims: 0 };
    const [u, at] = [values([9, 40], 'float32', 1), positions([1], 20, 2)];
    expectReference(
      (x, i, v) =>
        scatterAdd(
          broadcastInDim(x, [20, 9], []),
          broadcastInDim(i as NDArray, [40], [0]),
          transpose(v as NDArray, [1, 0]),
          params,
        ),
      [values([], 'float32', 3), at, u],
    );
  });

  test('scatterAdd of the front of longer arrays', () => {
    const params = { axis: 0, batchDims: 0 };
    const front = (x: NDArray, n: number) =>
      slice(
        x,
        x.shape.map(() => 0),
        [n, ...x.shape.slice(1)],
      );
    const inputs = [values([40, 9], 'float32', 1), positions([60], 30, 2), values([60, 9], 'float32', 3)];
    const f = (x: NDArray, i: NDArray, u: NDArray) => scatterAdd(front(x, 30), front(i, 50), front(u, 50), params);
    expectReference((x, i, u) => f(x, i as NDArray, u as NDArray), inputs);
    const small = [values([4], 'float32', 1), positions([4], 2, 2), values([4], 'float32', 3)];
    const g = (x: NDArray, i: NDArray, u: NDArray) => scatterAdd(front(x, 2), front(i, 3), front(u, 3), params);
    expectReference((x, i, u) => g(x, i as NDArray, u as NDArray), small);
  });

  test('on several threads', () => {
    const params = { axis: 0, batchDims: 0 };
    const [x, u, at] = [values([5000, 40], 'float32', 1), values([9000, 40], 'float32', 2), positions([9000], 5000, 3)];
    expectReference((a, i) => gather(a, i as NDArray, params), [x, at]);
    expectReference((a, i, v) => scatterAdd(a, i as NDArray, v as NDArray, params), [x, at, u]);
  });

  test('a bad index leaves the engine and the operands as they were', () => {
    init({ threads: 1 });
    const x = values([300, 2], 'float32', 1);
    const f = jit((a: NDArray, i: NDArray) => gather(a.add(1), i, { axis: 0, batchDims: 0 }));
    expect(() => f(x, positions([300], 10, 1, 295))).toThrow(/out of range: axis 0 of the operand/);
    const at = positions([300], 300, 1);
    expect(f(x, at)).toHaveSameBits(gather(x.add(1), at, { axis: 0, batchDims: 0 }));
    init();
  });
});
