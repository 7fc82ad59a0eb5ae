import { dtypes, floats } from '../../src/array/dtype';
import type { NDArray } from '../../src/array/ndarray';
import { sizeOf } from '../../src/array/shape';
import { broadcastInDim } from '../../src/primitives/broadcast';
import { iota } from '../../src/primitives/iota';
import { reshape } from '../../src/primitives/reshape';
import { concatenate, flip, pad, slice } from '../../src/primitives/structure';
import { transpose } from '../../src/primitives/transpose';
import { fold, type WindowParams, windowCount, windows } from '../../src/primitives/windows';
import type { Sampler } from '../support/sampler';
import { type Case, instance, operand } from './case';

/** A split of the same number of elements into other axes. */
function otherShape(s: Sampler, shape: readonly number[]): number[] {
  const n = sizeOf(shape);
  if (n === 0) return [0, s.int(1, 3)];
  const divisors = Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);
  const first = s.pick(divisors);
  const rest = n / first;
  return s.pick([[n], [first, rest], [1, first, rest], [first, 1, rest], [first, rest, 1]]);
}

/** Windows that fit: axes, sizes, strides and dilations. */
function windowsOf(s: Sampler): { shape: number[]; params: WindowParams } {
  const shape = s.shape({ minRank: 1, sizes: [4, 5, 3, 6] });
  const axes = s.subset(shape.length, 1);
  const params = {
    axes,
    size: axes.map(() => s.int(1, 2)),
    stride: axes.map(() => s.int(1, 3)),
    dilation: axes.map(() => s.int(1, 2)),
  };
  return { shape, params };
}

const base = { dtypes, linear: [[0]] } as const;

export const movementCases: readonly Case[] = [
  {
    ...base,
    primitives: ['broadcast'],
    build(context) {
      const target = context.s.shape({ maxRank: 4 });
      const axes = context.s.subset(target.length);
      const from = axes.map((a) => (context.s.bool() ? (target[a] as number) : 1));
      return instance(`[${from}] to [${target}] at [${axes}]`, [operand(context, from)], ([x]) =>
        broadcastInDim(x as NDArray, target, axes),
      );
    },
  },
  {
    ...base,
    primitives: ['reshape'],
    build(context) {
      const shape = context.s.shape();
      const target = otherShape(context.s, shape);
      return instance(`[${shape}] to [${target}]`, [operand(context, shape)], ([x]) => reshape(x as NDArray, target));
    },
  },
  {
    ...base,
    primitives: ['transpose'],
    build(context) {
      const shape = context.s.shape({ maxRank: 4 });
      const permutation = context.s.permutation(shape.length);
      return instance(`[${shape}] by [${permutation}]`, [operand(context, shape)], ([x]) =>
        transpose(x as NDArray, permutation),
      );
    },
  },
  {
    ...base,
    primitives: ['slice'],
    build(context) {
      const { s } = context;
      const shape = s.shape();
      const start = shape.map((n) => s.int(0, n));
      const stop = shape.map((n, i) => n - s.int(0, n - (start[i] as number)));
      const step = shape.map(() => s.int(1, 3));
      return instance(`[${shape}] from [${start}] to [${stop}] by [${step}]`, [operand(context, shape)], ([x]) =>
        slice(x as NDArray, start, stop, step),
      );
    },
  },
  {
    ...base,
    primitives: ['pad'],
    build(context) {
      const { s } = context;
      const shape = s.shape();
      const widths = () => shape.map(() => s.int(0, 2));
      const params = { low: widths(), high: widths(), interior: widths(), value: 0 };
      return instance(`[${shape}] ${JSON.stringify(params)}`, [operand(context, shape)], ([x]) =>
        pad(x as NDArray, params),
      );
    },
  },
  {
    primitives: ['pad'],
    name: 'pad with a value',
    build(context) {
      const { s } = context;
      const shape = s.shape({ minRank: 1 });
      const params = { low: shape.map(() => 1), high: shape.map(() => 0), interior: shape.map(() => 1), value: 1.5 };
      return instance(`[${shape}]`, [operand(context, shape)], ([x]) => pad(x as NDArray, params));
    },
  },
  {
    primitives: ['concatenate'],
    dtypes,
    linear: [[0], [1], [2], [0, 1, 2], [0, 2]],
    build(context) {
      const { s } = context;
      const shape = s.shape({ minRank: 1 });
      const axis = s.int(0, shape.length - 1);
      const shapes = [0, 1, 2].map(() => shape.map((n, i) => (i === axis ? s.int(0, 3) : n)));
      const args = shapes.map((each) => operand(context, each));
      return instance(`${JSON.stringify(shapes)} along ${axis}`, args, (xs) => concatenate(xs, axis));
    },
  },
  {
    ...base,
    primitives: ['flip'],
    build(context) {
      const shape = context.s.shape();
      const axes = context.s.subset(shape.length);
      return instance(`[${shape}] along [${axes}]`, [operand(context, shape)], ([x]) => flip(x as NDArray, axes));
    },
  },
  {
    ...base,
    primitives: ['windows'],
    build(context) {
      const { shape, params } = windowsOf(context.s);
      return instance(`[${shape}] ${JSON.stringify(params)}`, [operand(context, shape)], ([x]) =>
        windows(x as NDArray, params),
      );
    },
  },
  {
    primitives: ['fold'],
    dtypes: ['float64', 'float32', 'int32', 'uint32'],
    linear: [[0]],
    build(context) {
      const { shape, params } = windowsOf(context.s);
      const { axes, size, stride, dilation } = params;
      const counts = shape.map((n, axis) => {
        const i = axes.indexOf(axis);
        return i < 0 ? n : windowCount(n, size[i] as number, stride[i] as number, dilation[i] as number);
      });
      return instance(`[${shape}] ${JSON.stringify(params)}`, [operand(context, [...counts, ...size])], ([x]) =>
        fold(x as NDArray, shape, params),
      );
    },
  },
  {
    primitives: ['iota'],
    dtypes: floats,
    build(context) {
      const shape = context.s.shape({ minRank: 1 });
      const axis = context.s.int(0, shape.length - 1);
      const dtype = context.s.pick(['int32', 'float32', 'float64', 'uint32'] as const);
      // The operand only makes it a function of something.
      return instance(`[${shape}] along ${axis}`, [operand(context, [])], ([x]) => [
        iota(shape, axis, dtype),
        x as NDArray,
      ]);
    },
  },
];
