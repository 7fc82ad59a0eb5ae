import { type NDArray, nn, random } from '@forback/core';
import { checkCount } from '../checks';
import type { Estimator } from '../draw';
import { categoricalKl } from '../kl';
import { surrogateCost } from '../reinforce';

/** Settings of the autoencoder. */
export interface CategoricalVaeOptions {
  estimator: Estimator;
  /** Numbers of an example. Default: 784. */
  inputs?: number;
  /** Widths of the encoder, mirrored in the decoder. Default: [512, 256] (Liu et al. 2023); half width is [256, 128]. */
  hidden?: readonly number[];
  /** C, the categories of each latent. Default: 8. */
  categories?: number;
  /** L, the number of latents. Default: 4. */
  latents?: number;
}

/** Parameters of the two networks. */
export interface CategoricalVaeParams {
  encoder: nn.MlpParams;
  decoder: nn.MlpParams;
}

/** A variational autoencoder with categorical latents. */
export interface CategoricalVae {
  init(key: random.Key): CategoricalVaeParams;
  /** Logits [n, L, C] of examples [n, inputs]. No activation: a ReLU would break the zero sum of the gradient. */
  encode(params: CategoricalVaeParams, x: NDArray): NDArray;
  /** Summed binary cross-entropy [n] of examples against what latents [n, L, C] decode to, in nats. */
  reconstruction(params: CategoricalVaeParams, latents: NDArray, x: NDArray): NDArray;
  /** −ELBO [n], in nats: reconstruction of one sample plus KL to the uniform prior. Its mean is the loss. */
  negativeElbo(params: CategoricalVaeParams, x: NDArray, key: random.Key): NDArray;
}

/**
 * The autoencoder of Liu et al. 2023 for MNIST: inputs-512-256-(L·C) and back, ReLU, grey inputs in [0, 1], a uniform
 * prior.
 */
export function categoricalVae(options: CategoricalVaeOptions): CategoricalVae {
  const { estimator, inputs = 784, hidden = [512, 256], categories = 8, latents = 4 } = options;
  checkCount('categoricalVae', 'categories', categories, 2);
  checkCount('categoricalVae', 'latents', latents);
  const encoder = nn.mlp([inputs, ...hidden, latents * categories], { init });
  const decoder = nn.mlp([latents * categories, ...[...hidden].reverse(), inputs], { init });
  const encode = (params: CategoricalVaeParams, x: NDArray) =>
    encoder.apply(params.encoder, x).reshape([x.shape[0] as number, latents, categories]);
  const reconstruction = (params: CategoricalVaeParams, z: NDArray, x: NDArray) => {
    const decoded = decoder.apply(params.decoder, z.reshape([z.shape[0] as number, latents * categories]));
    return nn.losses.sigmoidBinaryCrossEntropy(decoded, x).sum(1);
  };
  return {
    init: (key) => {
      const [first, second] = random.split(key);
      return { encoder: encoder.init(first), decoder: decoder.init(second) };
    },
    encode,
    reconstruction,
    negativeElbo(params, x, key) {
      const logits = encode(params, x);
      const draw = estimator(logits, key);
      return surrogateCost(reconstruction(params, draw.sample, x), draw).add(categoricalKl(logits).sum(1));
    },
  };
}

/** Uniform in ±1/√(fan in). With the larger weights of He's rule the first steps make the codes certain, and keep them so. */
function init(key: random.Key, shape: readonly number[]): NDArray {
  const bound = 1 / Math.sqrt(shape[0] as number);
  return random.uniform(key, { shape, minval: -bound, maxval: bound });
}
