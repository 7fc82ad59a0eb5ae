import { ArgumentError, array, type NDArray, type random } from '@forback/core';
import { digitNames } from './class-names';
import {
  buildDataset,
  type Dataset,
  type DatasetWithValidation,
  type ImageBytes,
  type LayoutOptions,
  toUnitInterval,
} from './dataset';
import { keyWords } from './key-words';
import { type RandomStream, randomStream, uniformInteger } from './random-stream';
import { renderDigit, side } from './render-digit';

/** How synthetic digits are drawn. */
export interface SyntheticDigitsOptions {
  /** Scale of every deformation: bend, slant, turn, shift, size, pen. 0 draws every digit the same way. Default 1. */
  readonly jitter?: number | undefined;
  /** Standard deviation of the noise on each pixel, where full ink is 1. Default 0.08. */
  readonly noise?: number | undefined;
  /** Whether every ten images in a row hold each digit once, instead of independent digits. Default true. */
  readonly balanced?: boolean | undefined;
}

/** Digits drawn by a program. */
export interface SyntheticDigits {
  /** float32 [n, 784] in [0, 1], multiples of 1/255. */
  readonly images: NDArray;
  /** int32 [n], 0 to 9. */
  readonly labels: NDArray;
  readonly synthetic: true;
}

/** Options of `syntheticDigitsDataset`. `flatten` is true unless given. */
export interface SyntheticDatasetOptions extends SyntheticDigitsOptions, LayoutOptions {
  /** Number of training images, of which `validation` are held out. Default 10,000. */
  readonly train?: number | undefined;
  /** Number of test images. Default 2,000. */
  readonly test?: number | undefined;
}

/** Streams drawn from one key never meet: each begins with a domain of its own. */
const domain = { images: 0, labels: 1 } as const;

/**
 * `n` procedurally drawn digits of 28×28 pixels: strokes, bent and placed at random, drawn with a round pen, with noise.
 *
 * They are a function of the key: the same key gives the same bits on every machine, and image i does not depend on `n`.
 * They are not MNIST, and results on them are not results on MNIST.
 */
export function syntheticDigits(key: random.Key, n: number, options: SyntheticDigitsOptions = {}): SyntheticDigits {
  const { images, labels } = drawDigits('syntheticDigits', keyWords('syntheticDigits', key), n, options);
  return {
    images: array(toUnitInterval(images), { shape: [n, side * side] }),
    labels: array(Int32Array.from(labels)),
    synthetic: true,
  };
}

/** Synthetic digits as a data set with a training and a test part, drawn independently of each other from the key. */
export function syntheticDigitsDataset(
  key: random.Key,
  options: SyntheticDatasetOptions & { readonly validation: number },
): DatasetWithValidation;
export function syntheticDigitsDataset(key: random.Key, options?: SyntheticDatasetOptions): Dataset;
export function syntheticDigitsDataset(key: random.Key, options: SyntheticDatasetOptions = {}): Dataset {
  const caller = 'syntheticDigitsDataset';
  const words = keyWords(caller, key);
  const { train = 10_000, test = 2_000 } = options;
  return buildDataset(
    caller,
    {
      name: 'synthetic digits (not MNIST)',
      synthetic: true,
      source: `drawn by syntheticDigits from key [${words.join(', ')}]`,
      classNames: digitNames,
    },
    {
      train: drawDigits(caller, [...words, 0], train, options),
      test: drawDigits(caller, [...words, 1], test, options),
    },
    { shape: [1, side, side], flatten: options.flatten ?? true, validation: options.validation },
  );
}

function drawDigits(caller: string, words: readonly number[], n: number, options: SyntheticDigitsOptions): ImageBytes {
  const { jitter = 1, noise = 0.08, balanced = true } = options;
  if (!Number.isInteger(n) || n < 1)
    throw new ArgumentError(`${caller}: expected a whole number of images from 1 on, got ${n}`);
  for (const [name, value] of Object.entries({ jitter, noise })) {
    if (!(value >= 0 && value <= 2)) throw new ArgumentError(`${caller}: expected ${name} from 0 to 2, got ${value}`);
  }
  const images = new Uint8Array(n * side * side);
  const labels = new Uint8Array(n);
  let block: number[] = [];
  for (let i = 0; i < n; i++) {
    if (balanced && i % 10 === 0) block = shuffledDigits(randomStream([...words, domain.labels, i]));
    const label = balanced ? (block[i % 10] as number) : uniformInteger(randomStream([...words, domain.labels, i]), 10);
    labels[i] = label;
    images.set(renderDigit(label, randomStream([...words, domain.images, i]), { jitter, noise }), i * side * side);
  }
  return { images, labels };
}

/** The ten digits in an order drawn by Fisher and Yates. */
function shuffledDigits(stream: RandomStream): number[] {
  const digits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  for (let last = 9; last > 0; last--) {
    const other = uniformInteger(stream, last + 1);
    [digits[last], digits[other]] = [digits[other] as number, digits[last] as number];
  }
  return digits;
}
