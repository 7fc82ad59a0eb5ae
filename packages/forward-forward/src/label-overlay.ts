import { ArgumentError, type NDArray, nn, np, ShapeError } from '@forback/core';

/** Writes a label into the input: the same for an example alone and in any batch. */
export interface LabelOverlay {
  /** `input` [n, ...] with labels (int32 [n]) in it. */
  write(input: NDArray, labels: NDArray): NDArray;
  /** `input` with the neutral label, which favours no class. */
  writeNeutral(input: NDArray): NDArray;
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
    write: (input, labels) => overwrite(input, nn.oneHot(labels, classes, input.dtype).mul(strength)),
    writeNeutral: (input) => {
      const shape = [input.shape[0] as number, classes];
      return overwrite(input, np.full(shape, strength / classes, { dtype: input.dtype }));
    },
  };
}
