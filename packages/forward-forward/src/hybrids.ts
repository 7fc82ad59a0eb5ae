import { ArgumentError, array, type NDArray, np, random, ShapeError } from '@forback/core';
import type { Negatives } from './negatives';

/** Settings of `maskedHybrids`. */
export interface HybridOptions {
  /** Height and width, for images that come as rows of numbers. Default: the last two axes, or a square. */
  size?: readonly [number, number];
  /** How often the random mask is blurred before it is cut at 1/2. Default: 8 (the paper gives no number). */
  blurs?: number;
}

/**
 * Negatives for unsupervised learning: m · x₁ + (1 − m) · x₂ of two different examples of the batch, with a mask m of large
 * blobs, which keeps short-range correlations and destroys long-range ones (Hinton 2022, section 3.2). Use it with
 * `overlay: noLabel()`.
 */
export function maskedHybrids(options: HybridOptions = {}): Negatives {
  const { blurs = 8 } = options;
  if (!Number.isInteger(blurs) || blurs < 0) {
    throw new ArgumentError(`maskedHybrids: expected blurs to be a whole number of 0 or more, got ${blurs}`);
  }
  return {
    name: 'maskedHybrids',
    sample({ key, input, overlay }) {
      const n = input.shape[0] as number;
      if (n < 2) throw new ShapeError('maskedHybrids: a batch of one example has no other to mix it with');
      const [maskKey, partnerKey] = random.split(key);
      const [height, width] = imageSize(input, options.size);
      const mask = blobMask(maskKey, n, [height, width], blurs).reshape([n, 1, height, width]);
      const first = input.reshape([n, -1, height, width]);
      const offset = random.randint(partnerKey, { shape: [], minval: 1, maxval: n });
      const second = np.take(first, np.mod(np.arange(n).add(offset), n));
      return overlay.writeNeutral(np.where(mask, first, second).reshape(input.shape));
    },
  };
}

/** Masks of large blobs: random bits, blurred with [1/4, 1/2, 1/4] along both axes, cut at 1/2. Bool [n, h, w]. */
export function blobMask(key: random.Key, n: number, size: readonly [number, number], blurs: number): NDArray {
  const [height, width] = size;
  const bits = random.bernoulli(key, 0.5, { shape: [n, height, width] }).astype('float32');
  return blurMatrix(height, blurs).matmul(bits).matmul(blurMatrix(width, blurs).transpose()).greater(0.5);
}

/** The blur as a matrix [size, size] to the power of `times`; the edge counts as its own neighbour. */
function blurMatrix(size: number, times: number): NDArray {
  const once = Array.from({ length: size }, (_, i) => {
    const row = new Array<number>(size).fill(0);
    for (const [j, share] of [
      [i - 1, 0.25],
      [i, 0.5],
      [i + 1, 0.25],
    ] as const) {
      const at = Math.min(size - 1, Math.max(0, j));
      row[at] = (row[at] as number) + share;
    }
    return row;
  });
  let product = np.eye(size);
  for (let i = 0; i < times; i++) product = product.matmul(array(once));
  return product;
}

function imageSize(input: NDArray, given: readonly [number, number] | undefined): [number, number] {
  const numbers = input.size / (input.shape[0] as number);
  const [height, width] = given ?? inferredSize(input, numbers);
  if (numbers % (height * width) === 0) return [height, width];
  throw new ShapeError(
    `maskedHybrids: an example of shape [${input.shape.slice(1).join(', ')}] does not hold images of ${height} × ${width}; ` +
      'give their size: maskedHybrids({ size: [height, width] })',
  );
}

function inferredSize(input: NDArray, numbers: number): [number, number] {
  if (input.ndim > 2) return input.shape.slice(-2) as [number, number];
  const side = Math.round(Math.sqrt(numbers));
  return [side, side];
}
