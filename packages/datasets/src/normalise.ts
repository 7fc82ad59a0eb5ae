import { ArgumentError, array, type NDArray, ShapeError } from '@forback/core';
import type { Dataset, Split } from './dataset';

/** A mean and a standard deviation: of everything, or one of each channel. */
export interface MeanStd {
  readonly mean: number | readonly number[];
  readonly std: number | readonly number[];
}

/** Of the 60,000 training images in [0, 1]. */
export const MNIST_MEAN_STD = { mean: 0.1307, std: 0.3081 } as const satisfies MeanStd;

/** Of the 60,000 training images in [0, 1]. */
export const FASHION_MNIST_MEAN_STD = { mean: 0.286, std: 0.353 } as const satisfies MeanStd;

/** Of the 50,000 training images in [0, 1]: red, green, blue. */
export const CIFAR10_MEAN_STD = {
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.247, 0.2435, 0.2616],
} as const satisfies MeanStd;

/**
 * (images − mean) / std in float32, for images [n, channels, ...] or [n, channels · ...] with whole planes one after the
 * other. A list holds one number for each channel.
 */
export function normalise(images: NDArray, { mean, std }: MeanStd): NDArray {
  const channels = Math.max(...[mean, std].map((value) => (typeof value === 'number' ? 1 : value.length)));
  const means = perChannel('mean', mean, channels);
  const deviations = perChannel('std', std, channels);
  const plane = planeSize('normalise', images, channels);
  const source = images.elements('normalise');
  const values = new Float32Array(source.length);
  for (let start = 0, channel = 0; start < source.length; start += plane, channel = (channel + 1) % channels) {
    const m = means[channel] as number;
    const s = deviations[channel] as number;
    for (let i = start; i < start + plane; i++) values[i] = ((source[i] as number) - m) / s;
  }
  return array(values, { shape: images.shape });
}

/** Mean and standard deviation (over n, not n − 1) of each of the channels of images laid out as for `normalise`. */
export function meanStd(
  images: NDArray,
  options: { readonly channels?: number } = {},
): { mean: number[]; std: number[] } {
  const { channels = images.shape.length > 2 ? (images.shape[1] as number) : 1 } = options;
  const plane = planeSize('meanStd', images, channels);
  const source = images.elements('meanStd');
  const count = source.length / channels;
  const sums = (term: (value: number, channel: number) => number): number[] => {
    const totals = new Array<number>(channels).fill(0);
    for (let start = 0, channel = 0; start < source.length; start += plane, channel = (channel + 1) % channels) {
      let sum = 0;
      for (let i = start; i < start + plane; i++) sum += term(source[i] as number, channel);
      totals[channel] = (totals[channel] as number) + sum;
    }
    return totals.map((total) => total / count);
  };
  const mean = sums((value) => value);
  const variance = sums((value, channel) => (value - (mean[channel] as number)) ** 2);
  return { mean, std: variance.map(Math.sqrt) };
}

/**
 * The data set with every part normalised by the mean and the standard deviation of its training images, channel by
 * channel, and those numbers.
 */
export function standardise<D extends Dataset & { readonly validation?: Split }>(
  dataset: D,
  options: { readonly channels?: number } = {},
): D & { readonly normalisation: { readonly mean: readonly number[]; readonly std: readonly number[] } } {
  const normalisation = meanStd(dataset.train.images, options);
  const apply = (split: Split): Split => ({ ...split, images: normalise(split.images, normalisation) });
  return {
    ...dataset,
    train: apply(dataset.train),
    ...(dataset.validation && { validation: apply(dataset.validation) }),
    test: apply(dataset.test),
    normalisation,
  };
}

function perChannel(name: string, value: number | readonly number[], channels: number): readonly number[] {
  const values = typeof value === 'number' ? new Array<number>(channels).fill(value) : value;
  if (values.length !== channels) {
    throw new ArgumentError(`normalise: expected one ${name} for each of ${channels} channels, got ${values.length}`);
  }
  const wrong = values.find((number) => !Number.isFinite(number) || (name === 'std' && number <= 0));
  if (wrong !== undefined) {
    const wanted = name === 'std' ? 'positive numbers (a constant channel has none)' : 'finite numbers';
    throw new ArgumentError(`normalise: expected ${wanted} for ${name}, got ${wrong}`);
  }
  return values;
}

/** The number of consecutive elements that belong to one channel. */
function planeSize(caller: string, images: NDArray, channels: number): number {
  const size = images.size / (images.shape[0] ?? 0);
  const fits = images.shape.length > 2 ? images.shape[1] === channels || channels === 1 : size % channels === 0;
  if (images.shape.length < 2 || images.size === 0 || !Number.isInteger(channels) || channels < 1 || !fits) {
    throw new ShapeError(
      `${caller}: expected images [n, ${channels}, ...] or [n, ${channels} · ...], got [${images.shape.join(', ')}]`,
    );
  }
  return size / channels;
}
