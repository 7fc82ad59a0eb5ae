import type { DType } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { showShape } from '../array/shape';
import { ArgumentError } from '../errors';
import { type Key, split } from '../random';
import { relu } from './activations';
import { heNormal, type Initializer } from './initializers';
import type { Layer } from './layer';
import { dense } from './layers/dense';

export interface MlpOptions {
  /** Between the layers, not behind the last. Default: `nn.relu`. */
  activation?: (x: NDArray) => NDArray;
  /** Initial weights. Default: `nn.initializers.heNormal`, for relu (He et al. 2015, equation 10, which they use for every layer). */
  init?: Initializer;
  /** Of the parameters. Default: float32. */
  dtype?: DType;
}

/** One entry for each layer: [in, out] and [out]. */
export type MlpParams = { weight: NDArray; bias: NDArray }[];

/**
 * Dense layers with an activation in between: [..., sizes[0]] to [..., the last size].
 *
 * @param sizes - features of the input, of each hidden layer, and of the output.
 * @returns a layer whose parameters are a list of `{ weight: [in, out], bias: [out] }`.
 *
 * @example
 * const model = nn.mlp([784, 256, 10]);
 * const params = model.init(random.key(0));
 */
export function mlp(sizes: readonly number[], options: MlpOptions = {}): Layer<MlpParams> {
  const { activation = relu, init = heNormal, dtype = 'float32' } = options;
  if (!Array.isArray(sizes) || sizes.length < 2 || sizes.some((n) => !Number.isInteger(n) || n < 1)) {
    const got = Array.isArray(sizes) ? showShape(sizes) : typeof sizes;
    throw new ArgumentError(
      `nn.mlp: expected at least two sizes, whole numbers of 1 or more, such as [784, 256, 10], got ${got}`,
    );
  }
  const layers = sizes.slice(1).map((out, i) => dense({ in: sizes[i] as number, out, init, dtype }));
  return {
    init: (key) => {
      const keys = split(key, layers.length);
      return layers.map((layer, i) => layer.init(keys[i] as Key));
    },
    apply(params, x) {
      if (params.length !== layers.length) {
        throw new ArgumentError(
          `nn.mlp: expected params of ${layers.length} layers, got ${params.length}; make them with init(key)`,
        );
      }
      return layers.reduce(
        (y, layer, i) => layer.apply(params[i] as MlpParams[number], i === 0 ? y : activation(y)),
        x,
      );
    },
  };
}
