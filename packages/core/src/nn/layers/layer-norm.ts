import type { DType } from '../../array/dtype';
import type { NDArray } from '../../array/ndarray';
import { showType } from '../../array/shape';
import { ShapeError } from '../../errors';
import { ones, zeros } from '../../numpy/creation';
import { add, multiply } from '../../numpy/elementwise';
import { checkPositiveInteger } from '../arguments';
import type { Layer } from '../layer';
import { checkEpsilon, standardize } from '../standardize';

export interface LayerNormOptions {
  /** Size of the last axis. */
  features: number;
  /** Added to the variance. Default: 1e-5 (PyTorch; the paper gives none). */
  epsilon?: number;
  /** Of the parameters. Default: float32. */
  dtype?: DType;
}

/**
 * scale · (x − mean) / √(variance + ε) + bias with the mean and variance of each example's features (Ba, Kiros and Hinton
 * 2016, equation 4): [..., features] to the same.
 *
 * @returns a layer with parameters `{ scale: [features], bias: [features] }`, ones and zeros at first.
 */
export function layerNorm(options: LayerNormOptions): Layer<{ scale: NDArray; bias: NDArray }> {
  const { features, epsilon = 1e-5, dtype = 'float32' } = options;
  checkPositiveInteger('nn.layerNorm', 'features', features);
  checkEpsilon('nn.layerNorm', epsilon);
  return {
    init: () => ({ scale: ones([features], { dtype }), bias: zeros([features], { dtype }) }),
    apply({ scale, bias }, x) {
      if (x.shape[x.ndim - 1] !== features) {
        throw new ShapeError(`nn.layerNorm: expected x to be [..., ${features}], got ${showType(x)}`);
      }
      return add(multiply(standardize(x, -1, { epsilon }), scale), bias);
    },
  };
}
