import type { NDArray } from '../../array/ndarray';
import { zeros } from '../../numpy/creation';
import type { WeightAndBias } from '../layer';

/** Parameters with a bias of zeros, unless it is turned off. */
export function withBias<Bias extends boolean>(
  weight: NDArray,
  bias: boolean | undefined,
  out: number,
): WeightAndBias<Bias> {
  const params = bias === false ? { weight } : { weight, bias: zeros([out], { dtype: weight.dtype }) };
  return params as WeightAndBias<Bias>;
}
