import { type DType, dtypes, floats, numbers } from '../../src/array/dtype';
import type { NDArray } from '../../src/array/ndarray';
import { cumsum } from '../../src/primitives/cumulative';
import { argmax, argmin, prod, reduceMax, reduceMin, sum } from '../../src/primitives/reduce';
import { argsort } from '../../src/primitives/sort';
import { awayFromZero, distinct } from '../support/values';
import { type Argument, type Case, type Context, instance, operand } from './case';

/** Elements that do not tie, where ties would have no derivative. */
function untied(context: Context, shape: readonly number[]): Argument {
  if (context.odd.length > 0 || context.dtype === 'bool') return operand(context, shape);
  return (seed) => distinct(shape, context.dtype, seed);
}

function extremum(name: string, op: (x: NDArray, axes: readonly number[]) => NDArray): Case {
  return {
    primitives: [name],
    dtypes,
    build(context) {
      const shape = context.s.shape({ sizes: [2, 3, 1, 4] });
      const axes = context.s.subset(shape.length);
      return instance(`[${shape}] over [${axes}]`, [untied(context, shape)], ([x]) => op(x as NDArray, axes));
    },
  };
}

function overAxis(
  primitive: string,
  name: string,
  accepts: readonly DType[],
  op: (x: NDArray, axis: number) => NDArray,
): Case {
  return {
    primitives: [primitive],
    name,
    dtypes: accepts,
    build(context) {
      const shape = context.s.shape({ minRank: 1, sizes: [2, 3, 1, 4] });
      const axis = context.s.int(0, shape.length - 1);
      return instance(`[${shape}] along ${axis}`, [untied(context, shape)], ([x]) => op(x as NDArray, axis));
    },
  };
}

export const reductionCases: readonly Case[] = [
  {
    primitives: ['sum'],
    dtypes: numbers,
    linear: [[0]],
    build(context) {
      const shape = context.s.shape({ maxRank: 4 });
      const axes = context.s.subset(shape.length);
      return instance(`[${shape}] over [${axes}]`, [operand(context, shape)], ([x]) => sum(x as NDArray, axes));
    },
  },
  {
    primitives: ['prod'],
    dtypes: numbers,
    build(context) {
      const shape = context.s.shape();
      const axes = context.s.subset(shape.length);
      return instance(`[${shape}] over [${axes}]`, [operand(context, shape, awayFromZero(0.6, 1.4))], ([x]) =>
        prod(x as NDArray, axes),
      );
    },
  },
  {
    primitives: ['prod'],
    name: 'prod with zeros',
    build(context) {
      const shape = context.s.shape({ sizes: [2, 3, 4] });
      const axes = context.s.subset(shape.length);
      const domain = (u: number) => (u < 0.4 ? 0 : u);
      return instance(`[${shape}] over [${axes}]`, [operand(context, shape, domain)], ([x]) =>
        prod(x as NDArray, axes),
      );
    },
  },
  extremum('reduceMax', reduceMax),
  extremum('reduceMin', reduceMin),
  overAxis('argmax', 'argmax', dtypes, argmax),
  overAxis('argmin', 'argmin', dtypes, argmin),
  overAxis('argsort', 'argsort', dtypes, (x, axis) => argsort(x, axis, false)),
  overAxis('argsort', 'argsort, descending', dtypes, (x, axis) => argsort(x, axis, true)),
  {
    primitives: ['cumsum'],
    dtypes: numbers,
    linear: [[0]],
    build(context) {
      const shape = context.s.shape({ minRank: 1 });
      const axis = context.s.int(0, shape.length - 1);
      const reverse = context.s.bool();
      return instance(`[${shape}] along ${axis}${reverse ? ' backwards' : ''}`, [operand(context, shape)], ([x]) =>
        cumsum(x as NDArray, axis, reverse),
      );
    },
  },
  {
    primitives: ['sum'],
    name: 'sum of many, in double precision',
    dtypes: floats,
    linear: [[0]],
    build(context) {
      const shape = [context.s.int(30, 70), context.s.int(30, 70)];
      const axes = context.s.subset(2, 1);
      return instance(`[${shape}] over [${axes}]`, [operand(context, shape)], ([x]) => sum(x as NDArray, axes));
    },
  },
];
