import type { NDArray } from '../../src/array/ndarray';
import * as np from '../../src/numpy';
import { checkpoint } from '../../src/transforms/checkpoint';
import { customJvp, customVjp } from '../../src/transforms/custom';
import { grad } from '../../src/transforms/grad';
import { jit } from '../../src/transforms/jit';
import { linearize } from '../../src/transforms/linearize';
import { type Case, instance, operand, sums } from './case';

/** Two outputs of three arguments, one of which does not matter. */
function network(x: NDArray, w: NDArray, _unused: NDArray): NDArray[] {
  const h = np.tanh(np.matmul(x, w));
  return [h.mul(h).add(1), np.sum(h, 0)];
}

function networkCase(primitives: readonly string[], wrap: (f: typeof network) => typeof network): Case {
  return {
    primitives,
    rounding: sums,
    dtypes: ['float64', 'float32'],
    build(context) {
      const [n, m, k] = [context.s.int(1, 3), context.s.int(1, 3), context.s.int(0, 3)];
      const args = [operand(context, [n, m]), operand(context, [m, k]), operand(context, [2])];
      const f = wrap(network);
      return instance(`[${n}, ${m}] [${m}, ${k}]`, args, ([x, w, u]) => f(x as NDArray, w as NDArray, u as NDArray));
    },
  };
}

export const callCases: readonly Case[] = [
  networkCase(['call'], (f) => jit(f)),
  { ...networkCase(['call', 'tangentCall'], (f) => checkpoint(f)), name: 'checkpoint' },
  {
    ...networkCase(['call'], (f) => jit((x: NDArray, w: NDArray, u: NDArray) => jit(f)(x, w, u).map((y) => np.sin(y)))),
    name: 'jit in jit',
  },
  {
    ...networkCase(['call', 'tangentCall'], (f) => jit((x, w, u) => checkpoint(f)(x, w, u).map((y) => np.sin(y)))),
    name: 'checkpoint in jit',
  },
  {
    primitives: ['tangentCall'],
    name: 'the derivative of a checkpoint, as a function',
    rounding: sums,
    linear: [[2, 3]],
    build(context) {
      const [n, m] = [context.s.int(1, 3), context.s.int(1, 3)];
      const shapes = [
        [n, m],
        [m, 2],
      ];
      const args = [...shapes, ...shapes].map((shape) => operand(context, shape));
      return instance(`[${n}, ${m}]`, args, ([x, w, tx, tw]) => {
        const unused = np.zeros([2], { dtype: context.dtype });
        const [, push] = linearize(
          (a: NDArray, b: NDArray) => checkpoint(network)(a, b, unused),
          x as NDArray,
          w as NDArray,
        );
        return push(tx as NDArray, tw as NDArray);
      });
    },
  },
  {
    primitives: ['customJvp'],
    dtypes: ['float64', 'float32'],
    build(context) {
      const shape = context.s.shape();
      const f = customJvp(
        (x: NDArray, y: NDArray) => [np.sin(x).mul(y), x] as [NDArray, NDArray],
        ([x, y], [tx, ty]) => [
          [np.sin(x).mul(y), x],
          [np.cos(x).mul(y).mul(tx).add(np.sin(x).mul(ty)), tx],
        ],
      );
      return instance(`[${shape}]`, [operand(context, shape), operand(context, shape)], ([x, y]) =>
        f(x as NDArray, y as NDArray),
      );
    },
  },
  {
    primitives: ['customVjp', 'customPullback'],
    dtypes: ['float64', 'float32'],
    reverseOnly: true,
    build(context) {
      const shape = context.s.shape();
      const f = customVjp((x: NDArray, y: NDArray) => [np.sin(x).mul(y), x] as [NDArray, NDArray], {
        forward: (x, y) => [[np.sin(x).mul(y), x] as [NDArray, NDArray], { x, y }],
        backward: ({ x, y }, [c, d]) => [np.cos(x).mul(y).mul(c).add(d), np.sin(x).mul(c)],
      });
      return instance(`[${shape}]`, [operand(context, shape), operand(context, shape)], ([x, y]) =>
        f(x as NDArray, y as NDArray),
      );
    },
  },
  {
    primitives: ['call'],
    name: 'a gradient, compiled',
    dtypes: ['float64', 'float32'],
    build(context) {
      const shape = context.s.shape();
      const f = jit((x: NDArray) => grad((v: NDArray) => np.sum(np.exp(np.sin(v))))(x));
      return instance(`[${shape}]`, [operand(context, shape)], ([x]) => f(x as NDArray));
    },
  },
];
