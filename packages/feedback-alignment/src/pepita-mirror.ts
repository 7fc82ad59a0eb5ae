import { ArgumentError, type NDArray, nn, np, random, ShapeError } from '@forback/core';
import { angle } from './alignment';
import { checkLayers, type PepitaLayer, type PepitaParams } from './pepita-pass';

/** Settings of a mirror step for PEPITA. */
export interface PepitaMirrorOptions {
  /** Of the noise: uint32 [2], another one for each step. */
  key: random.Key;
  /** Default: 0.01 (released code of Srinivasan et al. 2024). */
  learningRate?: number;
  /** Weight decay of the factors: B loses learningRate · decay of itself in a step. Default: 1e-4 (the same). */
  decay?: number;
  /** Standard deviation of the normal noise. Default: 0.1 (the same). */
  noise?: number;
  /** Noise vectors in a step. Default: 64 (the paper's batch). */
  batch?: number;
}

/**
 * The start of feedback that is a product of one matrix for each layer, for `mirrorPepita`.
 *
 * @param key - uint32 [2].
 * @param widths - units from the input to the output, such as [784, 1024, 10].
 * @returns a matrix [units in, units out] for each layer, He-uniform.
 */
export function pepitaFactors(key: random.Key, widths: readonly number[]): NDArray[] {
  if (widths.length < 2) {
    throw new ArgumentError(`pepitaFactors: expected the widths of input and output at least, got ${widths.length}`);
  }
  return widths.slice(1).map((out, i) => nn.initializers.heUniform(random.foldIn(key, i), [widths[i] as number, out]));
}

/**
 * F of the factors: the transpose of their product B₁ B₂ ⋯, scaled to the standard deviation 0.05 √(2 / features) that
 * `pepitaFeedback` has (released code of Srinivasan et al. 2024).
 *
 * @returns [classes, features].
 */
export function pepitaFeedbackOf(factors: readonly NDArray[]): NDArray {
  const [first, ...rest] = factors;
  if (first === undefined) throw new ArgumentError('pepitaFeedbackOf: expected at least one factor, got none');
  const product = rest.reduce((path, next) => path.matmul(next), first).T;
  const deviation = np.sqrt(np.square(product.sub(product.mean())).mean());
  return product.mul(0.05 * Math.sqrt(2 / (first.shape[0] as number))).div(deviation);
}

/**
 * One step of weight mirroring for PEPITA (Srinivasan et al. 2024): each dense layer alone gets noise x, and with its
 * response y the factor becomes B_l + η xᵀ y / batch. B_l grows towards W_l and the product towards that of the weights,
 * which is the direction to which `modulation: 'subtract'` also turns the weights. Mirror for two epochs before training
 * (the released code's default), and at times during it.
 *
 * @returns a function of the list of the layers' parameters and the factors, giving the new factors.
 */
export function mirrorPepita<const Layers extends readonly PepitaLayer<never>[]>(
  layers: Layers,
  options: PepitaMirrorOptions,
): (params: Readonly<PepitaParams<Layers>>, factors: readonly NDArray[]) => NDArray[] {
  const { key, learningRate = 0.01, decay = 1e-4, noise = 0.1, batch = 64 } = options;
  checkLayers('mirrorPepita', layers);
  return (params, factors) => {
    if (factors.length !== layers.length) {
      throw new ArgumentError(
        `mirrorPepita: expected a factor for each of ${layers.length} layers, got ${factors.length}`,
      );
    }
    return layers.map((layer, i) => {
      const factor = factors[i] as NDArray;
      const [inputs, outputs] = factor.shape as [number, number];
      const { dtype } = factor;
      const x = random.normal(random.foldIn(key, i), { shape: [batch, inputs], dtype }).mul(noise);
      const y = layer.apply((params as readonly unknown[])[i] as never, x);
      if (y.shape.join() !== `${batch},${outputs}`) {
        throw new ShapeError(
          `mirrorPepita: expected layer ${i} to be dense, from [n, ${inputs}] to [n, ${outputs}] like its factor, ` +
            `got [${y.shape.join(', ')}] for n = ${batch}`,
        );
      }
      return factor.mul(1 - learningRate * decay).add(x.T.matmul(y).mul(learningRate / batch));
    });
  };
}

/**
 * The angle in degrees between Fᵀ and the network's product of weights W₁ W₂ ⋯, each layer taken without its activation.
 * Learning shows in it: above 90 with `modulation: 'add'` (anti-alignment), below with 'subtract'.
 *
 * @param shape - of one example. Default: [features].
 * @returns a float scalar.
 */
export function pepitaAngle<const Layers extends readonly PepitaLayer<never>[]>(
  layers: Layers,
  params: Readonly<PepitaParams<Layers>>,
  feedback: NDArray,
  shape?: readonly number[],
): NDArray {
  checkLayers('pepitaAngle', layers);
  const features = feedback.shape[1] as number;
  const example = shape ?? [features];
  const through = (x: NDArray) =>
    layers.reduce((h: NDArray, layer, i) => {
      const z = layer.apply((params as readonly unknown[])[i] as never, h);
      return layer.follow?.(z) ?? z;
    }, x);
  const inputs = np.eye(features, features, { dtype: feedback.dtype }).reshape([features, ...example]);
  // Biases, if there are any, are the response to nothing.
  return angle(through(inputs).sub(through(np.zerosLike(inputs))), feedback.T);
}
