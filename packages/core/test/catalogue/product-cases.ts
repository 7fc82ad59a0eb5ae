import { floats, numbers } from '../../src/array/dtype';
import type { NDArray } from '../../src/array/ndarray';
import { mul } from '../../src/primitives/arithmetic';
import { type ConvolutionParams, conv, convInputTranspose } from '../../src/primitives/convolution';
import { dot } from '../../src/primitives/dot';
import { sum } from '../../src/primitives/reduce';
import { windowCount } from '../../src/primitives/windows';
import { grad } from '../../src/transforms/grad';
import type { Sampler } from '../support/sampler';
import { type Case, type Context, instance, operand, sums } from './case';

/** Axes of each kind in random places of both operands, in random order. */
function dotOf(context: Context) {
  const { s } = context;
  const sizes = [2, 3, 1, 4, 2, 0];
  const kinds = { batch: s.int(0, 2), contract: s.int(0, 2) };
  const batch = Array.from({ length: kinds.batch }, () => s.pick(sizes));
  const contract = Array.from({ length: kinds.contract }, () => s.pick(sizes));
  const side = () => {
    const free = s.shape({ maxRank: 2 });
    const all = [...batch, ...contract, ...free];
    // Position p of the operand holds the axis order[p] of `all`.
    const order = s.permutation(all.length);
    return {
      shape: order.map((axis) => all[axis] as number),
      batch: batch.map((_, i) => order.indexOf(i)),
      contract: contract.map((_, i) => order.indexOf(batch.length + i)),
    };
  };
  const [x, y] = [side(), side()];
  return { x, y, dimensions: { batch: [x.batch, y.batch], contract: [x.contract, y.contract] } as const };
}

interface ConvolutionShapes {
  input: number[];
  weight: number[];
  output: number[];
  params: ConvolutionParams;
}

function convolutionOf(s: Sampler): ConvolutionShapes {
  const spatial = s.int(1, 2);
  const perAxis = <T>(draw: () => T): T[] => Array.from({ length: spatial }, draw);
  const groups = s.int(1, 2);
  const most = s.large ? 12 : 2;
  const [n, channels, filters] = [s.pick([2, 1, 3, 0]), s.int(1, most), s.int(1, most)];
  const kernel = perAxis(() => s.int(1, 3));
  const params = {
    stride: perAxis(() => s.int(1, 2)),
    padding: perAxis(() => [s.int(0, 2), s.int(0, 2)] as const),
    dilation: perAxis(() => s.int(1, 2)),
    groups,
  };
  const size = kernel.map((k, i) => (k - 1) * (params.dilation[i] as number) + 1 + s.int(0, 2));
  const out = size.map((extent, i) => {
    const [before, after] = params.padding[i] as readonly [number, number];
    return windowCount(
      extent + before + after,
      kernel[i] as number,
      params.stride[i] as number,
      params.dilation[i] as number,
    );
  });
  return {
    input: [n, groups * channels, ...size],
    weight: [groups * filters, channels, ...kernel],
    output: [n, groups * filters, ...out],
    params,
  };
}

// Backends are free to multiply the zeros of the padding, which makes NaN of an infinite weight.
const convolution = { odd: [0, -0, 1], dtypes: floats, linear: [[0], [1]], rounding: sums, large: true } as const;

export const productCases: readonly Case[] = [
  {
    primitives: ['dot'],
    dtypes: numbers,
    linear: [[0], [1]],
    rounding: sums,
    build(context) {
      const { x, y, dimensions } = dotOf(context);
      return instance(
        `[${x.shape}] [${y.shape}] ${JSON.stringify(dimensions)}`,
        [operand(context, x.shape), operand(context, y.shape)],
        ([a, b]) => dot(a as NDArray, b as NDArray, dimensions),
      );
    },
  },
  {
    primitives: ['dot'],
    name: 'dot of larger matrices',
    dtypes: floats,
    linear: [[0], [1]],
    rounding: sums,
    build(context) {
      const { s } = context;
      const [m, n, k] = [s.int(1, 40), s.int(1, 40), s.int(0, 40)];
      const dimensions = { batch: [[], []], contract: [[1], [0]] } as const;
      return instance(`[${m}, ${k}] [${k}, ${n}]`, [operand(context, [m, k]), operand(context, [k, n])], ([a, b]) =>
        dot(a as NDArray, b as NDArray, dimensions),
      );
    },
  },
  {
    ...convolution,
    primitives: ['conv'],
    build(context) {
      const { input, weight, output, params } = convolutionOf(context.s);
      return instance(
        `[${input}] [${weight}] ${JSON.stringify(params)}`,
        [operand(context, input), operand(context, weight)],
        ([x, w]) => conv(x as NDArray, w as NDArray, output, params),
      );
    },
  },
  {
    ...convolution,
    primitives: ['convInputGradient'],
    build(context) {
      const { input, weight, output, params } = convolutionOf(context.s);
      return instance(
        `[${input}] [${weight}] ${JSON.stringify(params)}`,
        [operand(context, output), operand(context, weight)],
        ([y, w]) => convInputTranspose(y as NDArray, w as NDArray, input, params),
      );
    },
  },
  {
    ...convolution,
    primitives: ['convWeightGradient'],
    build(context) {
      const { input, weight, output, params } = convolutionOf(context.s);
      // The derivative of ⟨conv(x, w), y⟩ in w does not depend on w.
      const weightGradient = (x: NDArray, y: NDArray) =>
        grad((w: NDArray) =>
          sum(
            mul(conv(x, w, output, params), y),
            output.map((_, i) => i),
          ),
        )(operand({ ...context, odd: [] }, weight)(1));
      return instance(
        `[${input}] [${weight}] ${JSON.stringify(params)}`,
        [operand(context, input), operand(context, output)],
        ([x, y]) => weightGradient(x as NDArray, y as NDArray),
      );
    },
  },
];
