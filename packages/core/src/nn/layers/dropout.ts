import { ArgumentError } from '../../errors';
import { checkRate, dropout as drop } from '../dropout';
import type { Layer } from '../layer';

export interface DropoutLayerOptions {
  /** Probability to be dropped. Default: 0.5 (Srivastava et al. 2014, for hidden units). */
  rate?: number;
}

/**
 * `nn.functional.dropout` as a layer without parameters: it acts with `train`, and then needs a `key`.
 *
 * @throws ArgumentError, when applied with `train`, without a key.
 */
export function dropout(options: DropoutLayerOptions = {}): Layer<null> {
  const { rate = 0.5 } = options;
  checkRate('nn.dropout', rate);
  return {
    init: () => null,
    apply(_params, x, { train = false, key } = {}) {
      if (!train || rate === 0) return x;
      if (key === undefined) {
        throw new ArgumentError(
          'nn.dropout: expected a key for training, got none; pass apply(params, x, { train: true, key })',
        );
      }
      return drop(key, rate, x);
    },
  };
}
