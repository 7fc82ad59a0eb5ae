import { dtypes, numbers } from '../../src/array/dtype';
import type { NDArray } from '../../src/array/ndarray';
import { dynamicSlice, dynamicUpdateSlice } from '../../src/primitives/dynamic-slice';
import { gather, scatterAdd } from '../../src/primitives/gather';
import type { Sampler } from '../support/sampler';
import { positions } from '../support/values';
import { type Argument, type Case, instance, operand } from './case';

/** [batch..., pre..., K, post...] and indices [batch..., I...] along the axis of size K. */
function gatherOf(s: Sampler) {
  const sizes = [2, 3, 1];
  const batch = s.shape({ maxRank: 1, sizes });
  const pre = s.shape({ maxRank: 1, sizes });
  const post = s.shape({ maxRank: 1, sizes: [2, 1, 0] });
  const picked = s.shape({ maxRank: 2, sizes: [2, 3, 1, 0] });
  const k = s.int(1, 4);
  const indices = [...batch, ...picked];
  return {
    operand: [...batch, ...pre, k, ...post],
    indices,
    result: [...batch, ...pre, ...picked, ...post],
    params: { axis: batch.length + pre.length, batchDims: batch.length },
    places: ((seed) => positions(indices, k, seed)) as Argument,
  };
}

/** A block that fits, and starts of which some lie outside and are moved. */
function blockOf(s: Sampler) {
  const shape = s.shape({ sizes: [3, 2, 4, 1] });
  const sizes = shape.map((n) => s.int(0, n));
  const starts: Argument = (seed) => positions([shape.length], 7, seed, -2);
  return { shape, sizes, starts };
}

export const indexingCases: readonly Case[] = [
  {
    primitives: ['gather'],
    dtypes,
    linear: [[0]],
    build(context) {
      const { operand: shape, indices, params, places } = gatherOf(context.s);
      return instance(
        `[${shape}] at [${indices}] ${JSON.stringify(params)}`,
        [operand(context, shape), places],
        ([x, i]) => gather(x as NDArray, i as NDArray, params),
      );
    },
  },
  {
    primitives: ['scatterAdd'],
    dtypes: numbers,
    linear: [[0], [2], [0, 2]],
    build(context) {
      const { operand: shape, indices, result, params, places } = gatherOf(context.s);
      return instance(
        `[${shape}] at [${indices}] ${JSON.stringify(params)}`,
        [operand(context, shape), places, operand(context, result)],
        ([x, i, u]) => scatterAdd(x as NDArray, i as NDArray, u as NDArray, params),
      );
    },
  },
  {
    primitives: ['dynamicSlice'],
    dtypes,
    linear: [[0]],
    build(context) {
      const { shape, sizes, starts } = blockOf(context.s);
      return instance(`[${sizes}] of [${shape}]`, [operand(context, shape), starts], ([x, at]) =>
        dynamicSlice(x as NDArray, at as NDArray, sizes),
      );
    },
  },
  {
    primitives: ['dynamicUpdateSlice'],
    dtypes,
    linear: [[0, 1], [0], [1]],
    build(context) {
      const { shape, sizes, starts } = blockOf(context.s);
      return instance(
        `[${sizes}] into [${shape}]`,
        [operand(context, shape), operand(context, sizes), starts],
        ([x, u, at]) => dynamicUpdateSlice(x as NDArray, u as NDArray, at as NDArray),
      );
    },
  },
];
