import { sizeOf, stridesOf } from './row-major';
import type { Kernel, Shape } from './types';

/** Which trilinear form T(x, w, y) = sum(conv(x, w) * y) is meant; the kernels are its three partial contractions. */
type ConvolutionSpec = {
  /** x: [n, c, ...spatial] */
  input: Shape;
  /** w: [o, c / groups, ...kernel] */
  weight: Shape;
  /** y: [n, o, ...out] */
  output: Shape;
  stride: readonly number[];
  /** Zeros before and after each spatial axis of the input. */
  padding: readonly (readonly [number, number])[];
  /** Distance between the taps of the kernel along each spatial axis. */
  dilation: readonly number[];
  /** Output channels and input channels fall into this many groups, which do not mix. */
  groups: number;
};

/** conv(x, w), that is, dT/dy. Inputs: x, w. A correlation: the kernel is not flipped. */
export function convKernel(spec: ConvolutionSpec): Kernel {
  const { channels, filters, groups, places, taps, spatial, window } = geometry(spec);
  const images = spec.input[0] as number;
  return ([x, w], [y]) => {
    if (!x || !w || !y) throw new TypeError('conv: expected two inputs and one output');
    for (let n = 0; n < images; n++) {
      for (let o = 0; o < groups * filters; o++) {
        const group = Math.floor(o / filters);
        for (let p = 0; p < places; p++) {
          let sum = 0;
          for (let c = 0; c < channels; c++) {
            const atX = ((n * groups + group) * channels + c) * spatial;
            const atW = (o * channels + c) * window;
            for (let k = 0; k < window; k++) {
              const tap = taps[p * window + k] as number;
              if (tap >= 0) sum += (x[atX + tap] as number) * (w[atW + k] as number);
            }
          }
          y[(n * groups * filters + o) * places + p] = sum;
        }
      }
    }
  };
}

/** dT/dx, of the input's shape. Inputs: y, w. */
export function convInputGradientKernel(spec: ConvolutionSpec): Kernel {
  const { channels, filters, groups, places, taps, spatial, window } = geometry(spec);
  const images = spec.input[0] as number;
  return ([y, w], [out]) => {
    if (!y || !w || !out) throw new TypeError('convInputGradient: expected two inputs and one output');
    const sums = new Float64Array(sizeOf(spec.input));
    for (let n = 0; n < images; n++) {
      for (let o = 0; o < groups * filters; o++) {
        const group = Math.floor(o / filters);
        for (let p = 0; p < places; p++) {
          const cotangent = y[(n * groups * filters + o) * places + p] as number;
          for (let c = 0; c < channels; c++) {
            const atX = ((n * groups + group) * channels + c) * spatial;
            const atW = (o * channels + c) * window;
            for (let k = 0; k < window; k++) {
              const tap = taps[p * window + k] as number;
              if (tap >= 0) sums[atX + tap] = (sums[atX + tap] as number) + cotangent * (w[atW + k] as number);
            }
          }
        }
      }
    }
    out.set(sums);
  };
}

/** dT/dw, of the weight's shape. Inputs: x, y. */
export function convWeightGradientKernel(spec: ConvolutionSpec): Kernel {
  const { channels, filters, groups, places, taps, spatial, window } = geometry(spec);
  const images = spec.input[0] as number;
  return ([x, y], [out]) => {
    if (!x || !y || !out) throw new TypeError('convWeightGradient: expected two inputs and one output');
    for (let o = 0; o < groups * filters; o++) {
      const group = Math.floor(o / filters);
      for (let c = 0; c < channels; c++) {
        for (let k = 0; k < window; k++) {
          let sum = 0;
          for (let n = 0; n < images; n++) {
            const atX = ((n * groups + group) * channels + c) * spatial;
            const atY = (n * groups * filters + o) * places;
            for (let p = 0; p < places; p++) {
              const tap = taps[p * window + k] as number;
              if (tap >= 0) sum += (x[atX + tap] as number) * (y[atY + p] as number);
            }
          }
          out[(o * channels + c) * window + k] = sum;
        }
      }
    }
  };
}

function geometry(spec: ConvolutionSpec) {
  checkShapes(spec);
  return {
    groups: spec.groups,
    /** Input channels and output channels within a group. */
    channels: spec.weight[1] as number,
    filters: (spec.weight[0] as number) / spec.groups,
    /** Sizes of a channel of the input, of the kernel and of the output. */
    spatial: sizeOf(spec.input.slice(2)),
    window: sizeOf(spec.weight.slice(2)),
    places: sizeOf(spec.output.slice(2)),
    taps: tapOffsets(spec),
  };
}

function checkShapes({ input, weight, output, stride, padding, dilation, groups }: ConvolutionSpec): void {
  const spatial = input.slice(2);
  const window = weight.slice(2);
  const expected = spatial.map((size, d) => {
    const [low, high] = padding[d] as readonly [number, number];
    const reach = (dilation[d] as number) * ((window[d] as number) - 1) + 1;
    return Math.max(0, Math.floor((size + low + high - reach) / (stride[d] as number)) + 1);
  });
  const agrees =
    input[0] === output[0] &&
    input[1] === (weight[1] as number) * groups &&
    weight[0] === output[1] &&
    (output[1] as number) % groups === 0 &&
    String(output.slice(2)) === String(expected);
  if (agrees) return;
  throw new RangeError(
    `convolution: input [${input.join(', ')}], weight [${weight.join(', ')}] and output [${output.join(', ')}] do not ` +
      'fit together: expected [n, c, ...], [o, c / groups, ...] and ' +
      `[${['n', 'o', ...expected].join(', ')}], with groups ${groups}, stride [${stride.join(', ')}], ` +
      `padding ${JSON.stringify(padding)} and dilation [${dilation.join(', ')}].`,
  );
}

/** For each output place and each tap of the kernel, where in a channel of the input it reads, or -1 in the padding. */
function tapOffsets({ input, weight, output, stride, padding, dilation }: ConvolutionSpec): Int32Array {
  const spatial = input.slice(2);
  const strides = stridesOf(spatial);
  const places = coordinatesOf(output.slice(2));
  const taps = coordinatesOf(weight.slice(2));
  const offsets = new Int32Array(places.length * taps.length);
  places.forEach((place, p) => {
    taps.forEach((tap, k) => {
      const at = spatial.map((_, d) => {
        const low = (padding[d] as readonly [number, number])[0];
        return (place[d] as number) * (stride[d] as number) + (tap[d] as number) * (dilation[d] as number) - low;
      });
      const inside = at.every((coordinate, d) => coordinate >= 0 && coordinate < (spatial[d] as number));
      offsets[p * taps.length + k] = inside ? at.reduce((sum, c, d) => sum + c * (strides[d] as number), 0) : -1;
    });
  });
  return offsets;
}

/** Every index of a shape, in row-major order. */
function coordinatesOf(shape: Shape): number[][] {
  return shape.reduce<number[][]>(
    (heads, size) => heads.flatMap((head) => Array.from({ length: size }, (_, i) => [...head, i])),
    [[]],
  );
}
