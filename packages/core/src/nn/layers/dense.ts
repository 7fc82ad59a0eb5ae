import type { DType } from '../../array/dtype';
import type { NDArray } from '../../array/ndarray';
import { showType } from '../../array/shape';
import { ShapeError } from '../../errors';
import { add } from '../../numpy/elementwise';
import { matmul } from '../../numpy/products';
import { checkPositiveInteger } from '../arguments';
import { type Initializer, lecunNormal } from '../initializers';
import type { Layer, WeightAndBias } from '../layer';
import { withBias } from './with-bias';

/** Settings of a dense layer. */
export interface DenseOptions<Bias extends boolean = boolean> {
  /** Features of the input. */
  in: number;
  /** Features of the output. */
  out: number;
  /** Adds a bias, zeros at first. Default: true. */
  bias?: Bias;
  /** Initial weights. Default: `nn.initializers.lecunNormal`, which keeps the variance (LeCun et al. 1998, section 4.6). */
  init?: Initializer;
  /** Of the parameters. Default: float32. */
  dtype?: DType;
}

/**
 * x · weight + bias over the last axis: [..., in] to [..., out].
 *
 * @returns a layer with parameters `{ weight: [in, out], bias: [out] }`.
 * @throws ShapeError, when applied, for another number of features.
 */
export function dense<Bias extends boolean = true>(options: DenseOptions<Bias>): Layer<WeightAndBias<Bias>> {
  const { init = lecunNormal, dtype = 'float32' } = options;
  checkPositiveInteger('nn.dense', 'in', options.in);
  checkPositiveInteger('nn.dense', 'out', options.out);
  return {
    init: (key) => withBias<Bias>(init(key, [options.in, options.out], { dtype }), options.bias, options.out),
    apply(params, x) {
      if (x.shape[x.ndim - 1] !== options.in) {
        throw new ShapeError(
          `nn.dense: expected x to be [..., ${options.in}], got ${showType(x)}; nn.flatten joins axes`,
        );
      }
      const { weight, bias }: { weight: NDArray; bias?: NDArray } = params;
      const y = matmul(x, weight);
      return bias === undefined ? y : add(y, bias);
    },
  };
}
