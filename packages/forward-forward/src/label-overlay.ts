import { ArgumentError, type NDArray, nn, np, random, ShapeError } from '@forback/core';
import { checkPositive } from './check';

/** Writes a label into the input: the same for an example alone and in any batch. */
export interface LabelOverlay {
  /** `input` [n, ...] with labels (int32 [n]) in it. */
  write(input: NDArray, labels: NDArray): NDArray;
  /** `input` with the neutral label, which favours no class. */
  writeNeutral(input: NDArray): NDArray;
  /** The input carries no label, so that a goodness scan over labels makes no sense. */
  readonly unlabelled?: boolean;
  /** How many labels it can write, where that is fixed: as many as the model has classes. */
  readonly classes?: number;
}

/**
 * The first `classes` numbers of each flattened example are overwritten by the one-hot label times `strength`; the neutral
 * label has `strength / classes` everywhere (Hinton 2022, section 3.3). Everything else of the example is kept.
 *
 * @param classes - number of classes K; examples need at least K numbers.
 * @param options.strength - default 1, the largest pixel value. A fixed value: never the maximum of a batch.
 */
export function labelInPixels(classes: number, options: { strength?: number } = {}): LabelOverlay {
  const { strength = 1 } = options;
  if (!Number.isInteger(classes) || classes < 2) {
    throw new ArgumentError(
      `labelInPixels: expected at least 2 classes, got ${classes}; with one class nothing can be wrong`,
    );
  }
  checkPositive('labelInPixels', 'strength', strength);
  const overwrite = (input: NDArray, code: NDArray): NDArray => {
    const n = input.shape[0] as number;
    const flat = input.reshape([n, -1]);
    const width = flat.shape[1] as number;
    if (width < classes) {
      throw new ShapeError(
        `labelInPixels: an example of shape [${input.shape.slice(1).join(', ')}] has ${width} numbers, ` +
          `too few to write one of ${classes} labels into`,
      );
    }
    const rest = flat.slice(null, [classes, null]);
    return np.concatenate([code, rest], 1).reshape(input.shape);
  };
  return {
    classes,
    write: (input, labels) => overwrite(input, nn.oneHot(labels, classes, input.dtype).mul(strength)),
    writeNeutral: (input) => {
      const shape = [input.shape[0] as number, classes];
      return overwrite(input, np.full(shape, strength / classes, { dtype: input.dtype }));
    },
  };
}

/**
 * The label as one more channel of an image: the class's own pattern, so that a convolution sees the label everywhere and no
 * pixel is lost. [n, c, h, w] becomes [n, c + 1, h, w]. The neutral label is the mean of the patterns.
 *
 * @param patterns - one pattern for each class [classes, h, w]; `labelPatterns` draws some.
 */
export function labelInChannel(patterns: NDArray): LabelOverlay {
  if (patterns.ndim !== 3 || (patterns.shape[0] as number) < 2) {
    throw new ShapeError(
      `labelInChannel: expected patterns [classes, height, width] of at least 2 classes, got [${patterns.shape.join(', ')}]`,
    );
  }
  const [, height, width] = patterns.shape as [number, number, number];
  const append = (input: NDArray, channel: NDArray): NDArray => {
    if (input.ndim !== 4 || input.shape[2] !== height || input.shape[3] !== width) {
      throw new ShapeError(
        `labelInChannel: expected images [n, channels, ${height}, ${width}], got [${input.shape.join(', ')}]`,
      );
    }
    return np.concatenate([input, channel.astype(input.dtype)], 1);
  };
  const mean = patterns.mean(0);
  return {
    classes: patterns.shape[0] as number,
    write: (input, labels) => append(input, np.expandDims(np.take(patterns, labels), 1)),
    writeNeutral: (input) => append(input, np.broadcastTo(mean, [input.shape[0] as number, 1, height, width])),
  };
}

/** A pattern of zeros and ones for each class [classes, h, w], each pixel drawn with probability 1/2. */
export function labelPatterns(key: random.Key, classes: number, size: readonly [number, number]): NDArray {
  return random.bernoulli(key, 0.5, { shape: [classes, ...size] }).astype('float32');
}

/** No label in the input, for unsupervised learning: the softmax head is all that sees labels. */
export function noLabel(): LabelOverlay {
  return { write: (input) => input, writeNeutral: (input) => input, unlabelled: true };
}
