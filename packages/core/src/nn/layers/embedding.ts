import type { DType } from '../../array/dtype';
import type { NDArray } from '../../array/ndarray';
import { cast } from '../../primitives/cast';
import { gather } from '../../primitives/gather';
import { checkLabels, checkPositiveInteger } from '../arguments';
import { type Initializer, normal } from '../initializers';
import type { Layer } from '../layer';

export interface EmbeddingOptions {
  /** Number of different tokens. */
  vocabulary: number;
  /** Length of each token's vector. */
  features: number;
  /** Initial vectors. Default: normal with variance 1 / features, so that they have length 1 on average (as in Flax). */
  init?: Initializer;
  /** Of the parameters. Default: float32. */
  dtype?: DType;
}

/**
 * The vectors of tokens: integers [...] from 0 to vocabulary − 1 to [..., features].
 *
 * @returns a layer with parameters `{ weight: [vocabulary, features] }`.
 * @throws DTypeError, when applied, for tokens that are not integers; ArgumentError for one outside the vocabulary,
 * RangeError where a compiled program meets one.
 */
export function embedding(options: EmbeddingOptions): Layer<{ weight: NDArray }> {
  const { vocabulary, features, dtype = 'float32' } = options;
  checkPositiveInteger('nn.embedding', 'vocabulary', vocabulary);
  checkPositiveInteger('nn.embedding', 'features', features);
  const init: Initializer =
    options.init ?? ((key, shape) => normal(key, shape, { std: 1 / Math.sqrt(features), dtype }));
  return {
    init: (key) => ({ weight: init(key, [vocabulary, features], { dtype }) }),
    apply({ weight }, tokens) {
      checkLabels('nn.embedding', 'tokens', tokens, vocabulary);
      return gather(weight, cast(tokens, 'int32'), { axis: 0, batchDims: 0 });
    },
  };
}
