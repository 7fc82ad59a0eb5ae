// Initial weights as functions (key, shape, options). The fans of a shape are
//
// | shape | fan in | fan out |
// |---|---|---|
// | [n] | n | n |
// | [in, out], as `nn.dense` | in | out |
// | [out, in / groups, ...kernel], as `nn.conv` | in / groups · kernel size | out · kernel size |
//
// Layers whose weights lie otherwise (groups, transposed convolutions) say their fans in the options.

import type { DType } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { checkShape, type Shape, showShape, sizeOf } from '../array/shape';
import { ArgumentError, ShapeError } from '../errors';
import { full } from '../numpy/creation';
import { add, multiply } from '../numpy/elementwise';
import { reshape } from '../primitives/reshape';
import * as random from '../random';
import { checkNumber } from './arguments';

export interface InitializerOptions {
  /** float32 or float64. Default: float32. */
  dtype?: DType;
  /** Inputs of each unit, where the shape does not tell. */
  fanIn?: number;
  /** Units that each input goes to, where the shape does not tell. */
  fanOut?: number;
}

/** Makes initial weights of a shape. Built-in ones are in `nn.initializers`; any function of this type will do. */
export type Initializer = (key: random.Key, shape: Shape, options?: InitializerOptions) => NDArray;

type DTypeOnly = Pick<InitializerOptions, 'dtype'>;

function filled(where: string, shape: Shape, value: number, options: DTypeOnly): NDArray {
  return full(checkShape(where, shape), value, { dtype: options.dtype ?? 'float32' });
}

/** Zeros; the key is not used. */
export function zeros(_key: random.Key, shape: Shape, options: DTypeOnly = {}): NDArray {
  return filled('nn.initializers.zeros', shape, 0, options);
}

/** Ones; the key is not used. */
export function ones(_key: random.Key, shape: Shape, options: DTypeOnly = {}): NDArray {
  return filled('nn.initializers.ones', shape, 1, options);
}

/** One value everywhere; the key is not used. */
export function constant(_key: random.Key, shape: Shape, options: DTypeOnly & { value: number }): NDArray {
  const { value } = options;
  checkNumber('nn.initializers.constant', 'value', value, !Number.isNaN(value), 'a number');
  return filled('nn.initializers.constant', shape, value, options);
}

export interface NormalInitializerOptions extends InitializerOptions {
  /** Default: 0. */
  mean?: number;
  /** Standard deviation. Default: 0.01 (Krizhevsky, Sutskever and Hinton 2012, section 5). */
  std?: number;
}

/** Normal numbers of a given mean and standard deviation. */
export function normal(key: random.Key, shape: Shape, options: NormalInitializerOptions = {}): NDArray {
  const { mean = 0, std = 0.01, dtype = 'float32' } = options;
  checkSpread('nn.initializers.normal', mean, std);
  return random.normal(key, { shape: checkShape('nn.initializers.normal', shape), dtype, mean, std });
}

/** Normal numbers that lie within two standard deviations of the mean. `std` is that of the normal before it is cut. */
export function truncatedNormal(key: random.Key, shape: Shape, options: NormalInitializerOptions = {}): NDArray {
  const { mean = 0, std = 0.01, dtype = 'float32' } = options;
  checkSpread('nn.initializers.truncatedNormal', mean, std);
  const standard = random.truncatedNormal(key, { shape: checkShape('nn.initializers.truncatedNormal', shape), dtype });
  return add(multiply(standard, std), mean);
}

function checkSpread(where: string, mean: number, std: number): void {
  checkNumber(where, 'mean', mean, Number.isFinite(mean), 'a finite number');
  checkNumber(where, 'std', std, std >= 0 && Number.isFinite(std), 'a finite number of 0 or more');
}

export interface UniformInitializerOptions extends InitializerOptions {
  /** Default: 0.01. */
  scale?: number;
}

/** Uniform on [−scale, scale). */
export function uniform(key: random.Key, shape: Shape, options: UniformInitializerOptions = {}): NDArray {
  const { scale = 0.01, dtype = 'float32' } = options;
  checkNumber(
    'nn.initializers.uniform',
    'scale',
    scale,
    scale >= 0 && Number.isFinite(scale),
    'a finite number of 0 or more',
  );
  return random.uniform(key, {
    shape: checkShape('nn.initializers.uniform', shape),
    dtype,
    minval: -scale,
    maxval: scale,
  });
}

/** Uniform with variance 2 / (fan in + fan out), that is, on ±√(6 / (fan in + fan out)) (Glorot and Bengio 2010, equation 16). */
export function glorotUniform(key: random.Key, shape: Shape, options: InitializerOptions = {}): NDArray {
  return uniformOfVariance(
    'nn.initializers.glorotUniform',
    key,
    shape,
    options,
    (fanIn, fanOut) => 2 / (fanIn + fanOut),
  );
}

/** Normal with variance 2 / (fan in + fan out) (Glorot and Bengio 2010, equation 12). */
export function glorotNormal(key: random.Key, shape: Shape, options: InitializerOptions = {}): NDArray {
  return normalOfVariance('nn.initializers.glorotNormal', key, shape, options, (fanIn, fanOut) => 2 / (fanIn + fanOut));
}

/** Uniform with variance 2 / fan in, that is, on ±√(6 / fan in), for layers behind a relu (He et al. 2015, section 2.2). */
export function heUniform(key: random.Key, shape: Shape, options: InitializerOptions = {}): NDArray {
  return uniformOfVariance('nn.initializers.heUniform', key, shape, options, (fanIn) => 2 / fanIn);
}

/** Normal with variance 2 / fan in, for layers behind a relu (He et al. 2015, equation 10). Not truncated, as in the paper. */
export function heNormal(key: random.Key, shape: Shape, options: InitializerOptions = {}): NDArray {
  return normalOfVariance('nn.initializers.heNormal', key, shape, options, (fanIn) => 2 / fanIn);
}

/** Uniform with variance 1 / fan in, that is, on ±√(3 / fan in) (LeCun et al. 1998, section 4.6). */
export function lecunUniform(key: random.Key, shape: Shape, options: InitializerOptions = {}): NDArray {
  return uniformOfVariance('nn.initializers.lecunUniform', key, shape, options, (fanIn) => 1 / fanIn);
}

/** Normal with variance 1 / fan in (LeCun et al. 1998, section 4.6). Not truncated. */
export function lecunNormal(key: random.Key, shape: Shape, options: InitializerOptions = {}): NDArray {
  return normalOfVariance('nn.initializers.lecunNormal', key, shape, options, (fanIn) => 1 / fanIn);
}

export interface OrthogonalInitializerOptions extends InitializerOptions {
  /** What the matrix is multiplied by; √2 behind a relu. Default: 1. */
  gain?: number;
}

/**
 * A random matrix with orthonormal columns or rows, whichever are fewer, times the gain (Saxe, McClelland and Ganguli
 * 2014). Weights of a convolution are taken as the matrix [out, in / groups · kernel size].
 */
export function orthogonal(key: random.Key, shape: Shape, options: OrthogonalInitializerOptions = {}): NDArray {
  const where = 'nn.initializers.orthogonal';
  const { gain = 1, dtype = 'float32' } = options;
  checkNumber(where, 'gain', gain, Number.isFinite(gain), 'a finite number');
  const checked = checkShape(where, shape);
  if (checked.length < 2)
    throw new ShapeError(`${where}: expected a shape of at least two axes, got ${showShape(shape)}`);
  const matrix = random.orthogonal(key, checked[0] as number, sizeOf(checked.slice(1)), { dtype });
  return multiply(reshape(matrix, checked), gain);
}

type Variance = (fanIn: number, fanOut: number) => number;

function normalOfVariance(
  where: string,
  key: random.Key,
  shape: Shape,
  options: InitializerOptions,
  variance: Variance,
): NDArray {
  const std = Math.sqrt(variance(...fans(where, shape, options)));
  return random.normal(key, { shape, dtype: options.dtype ?? 'float32', std });
}

function uniformOfVariance(
  where: string,
  key: random.Key,
  shape: Shape,
  options: InitializerOptions,
  variance: Variance,
): NDArray {
  const limit = Math.sqrt(3 * variance(...fans(where, shape, options)));
  return random.uniform(key, { shape, dtype: options.dtype ?? 'float32', minval: -limit, maxval: limit });
}

function fans(where: string, shape: Shape, options: InitializerOptions): [fanIn: number, fanOut: number] {
  const [first, second = first, ...kernel] = checkShape(where, shape);
  if (first === undefined || second === undefined) {
    throw new ShapeError(
      `${where}: a scalar has no inputs and outputs to count; use nn.initializers.normal or constant`,
    );
  }
  const taps = sizeOf(kernel);
  const [inputs, outputs] = shape.length > 2 ? [second * taps, first * taps] : [first, second];
  const { fanIn = inputs, fanOut = outputs } = options;
  if (!(fanIn > 0 && fanOut > 0)) {
    throw new ArgumentError(
      `${where}: expected fans above 0, got fan in ${fanIn} and fan out ${fanOut} for shape ${showShape(shape)}`,
    );
  }
  return [fanIn, fanOut];
}
