import type { DType } from '../../array/dtype';
import type { NDArray } from '../../array/ndarray';
import { showType, sizeOf } from '../../array/shape';
import { ArgumentError, ShapeError } from '../../errors';
import { add } from '../../numpy/elementwise';
import { reshape } from '../../primitives/reshape';
import { checkPositiveInteger } from '../arguments';
import { type ConvOptions, conv as convolve, convTranspose as convolveTransposed } from '../convolution';
import { type Initializer, lecunNormal } from '../initializers';
import type { Layer, WeightAndBias } from '../layer';
import { type PerAxis, perAxis, spatialGeometry } from '../spatial';
import { withBias } from './with-bias';

/** Settings of a convolution layer. */
export interface ConvLayerOptions<Bias extends boolean = boolean> extends ConvOptions {
  /** Channels of the input. */
  in: number;
  /** Channels of the output. */
  out: number;
  /** Size of the kernel. A number means a square; `[size]` is a kernel along one axis. */
  kernel: PerAxis;
  /** Adds a bias to each channel, zeros at first. Default: true. */
  bias?: Bias;
  /** Initial weights. Default: `nn.initializers.lecunNormal`, which keeps the variance (LeCun et al. 1998, section 4.6). */
  init?: Initializer;
  /** Of the parameters. Default: float32. */
  dtype?: DType;
}

type Convolve = (x: NDArray, w: NDArray, options: ConvOptions) => NDArray;

/**
 * `nn.functional.conv` with weights: [n, in, ...spatial] to [n, out, ...positions], over two spatial axes, or one for a kernel `[size]`.
 *
 * @returns a layer with parameters `{ weight: [out, in / groups, ...kernel], bias: [out] }`.
 * @throws ArgumentError for unusable options; ShapeError, when applied, for another number of channels or axes.
 */
export function conv<Bias extends boolean = true>(options: ConvLayerOptions<Bias>): Layer<WeightAndBias<Bias>> {
  const { groups = 1 } = options;
  const kernel = checkOptions('nn.conv', options);
  const fans = { fanIn: (options.in / groups) * sizeOf(kernel), fanOut: (options.out / groups) * sizeOf(kernel) };
  return build('nn.conv', options, [options.out, options.in / groups, ...kernel], fans, convolve);
}

/**
 * `nn.functional.convTranspose` with weights: [n, in, ...spatial] to [n, out, ...sizes]; with a stride it enlarges.
 *
 * @returns a layer with parameters `{ weight: [in, out / groups, ...kernel], bias: [out] }`.
 * @throws ArgumentError for unusable options; ShapeError, when applied, for another number of channels or axes.
 */
export function convTranspose<Bias extends boolean = true>(
  options: ConvLayerOptions<Bias>,
): Layer<WeightAndBias<Bias>> {
  const { groups = 1 } = options;
  const kernel = checkOptions('nn.convTranspose', options);
  // On average each output meets only every stride-th tap of the kernel.
  const steps = sizeOf(perAxis('nn.convTranspose', 'stride', options.stride ?? 1, kernel.length));
  const taps = sizeOf(kernel);
  const fans = { fanIn: ((options.in / groups) * taps) / steps, fanOut: (options.out / groups) * taps };
  return build('nn.convTranspose', options, [options.in, options.out / groups, ...kernel], fans, convolveTransposed);
}

function checkOptions(where: string, options: ConvLayerOptions): number[] {
  const { groups = 1 } = options;
  checkPositiveInteger(where, 'in', options.in);
  checkPositiveInteger(where, 'out', options.out);
  checkPositiveInteger(where, 'groups', groups);
  if (options.in % groups !== 0 || options.out % groups !== 0) {
    throw new ArgumentError(
      `${where}: expected in and out to be multiples of groups ${groups}, got ${options.in} and ${options.out}`,
    );
  }
  const rank = typeof options.kernel === 'number' ? 2 : options.kernel.length;
  const kernel = perAxis(where, 'kernel', options.kernel, rank);
  if (rank !== 1 && rank !== 2) throw new ArgumentError(`${where}: expected a kernel of one or two axes, got ${rank}`);
  spatialGeometry(where, kernel, options);
  return kernel;
}

function build<Bias extends boolean>(
  where: string,
  options: ConvLayerOptions<Bias>,
  shape: number[],
  fans: { fanIn: number; fanOut: number },
  run: Convolve,
): Layer<WeightAndBias<Bias>> {
  const { init = lecunNormal, dtype = 'float32' } = options;
  return {
    init: (key) => withBias<Bias>(init(key, shape, { dtype, ...fans }), options.bias, options.out),
    apply(params, x) {
      if (x.ndim !== shape.length || x.shape[1] !== options.in) {
        const axes = shape.length === 3 ? 'width' : 'height, width';
        throw new ShapeError(`${where}: expected x to be [n, ${options.in}, ${axes}], got ${showType(x)}`);
      }
      const { weight, bias }: { weight: NDArray; bias?: NDArray } = params;
      const y = run(x, weight, options);
      return bias === undefined ? y : add(y, reshape(bias, [options.out, ...shape.slice(2).map(() => 1)]));
    },
  };
}
