import { checkDType, type DType } from '../array/dtype';
import type { ArrayLike, NDArray } from '../array/ndarray';
import { range } from '../array/shape';
import { array } from '../numpy/creation';
import { broadcastInDim } from '../primitives/broadcast';
import { cast } from '../primitives/cast';
import { equal } from '../primitives/compare';
import { iota } from '../primitives/iota';
import { checkLabels, checkPositiveInteger } from './arguments';

/**
 * Rows with a one at the label and zeros elsewhere.
 *
 * @param labels - integers from 0 to `classes` − 1, of any shape.
 * @param dtype - default: float32.
 * @returns shape [...labels.shape, classes].
 * @throws ArgumentError for labels outside the range. Labels that a transform is tracing cannot be looked at: outside the
 * range they give rows of zeros.
 */
export function oneHot(labels: ArrayLike | readonly number[], classes: number, dtype: DType = 'float32'): NDArray {
  checkPositiveInteger('nn.oneHot', 'classes', classes);
  const a =
    Array.isArray(labels) || typeof labels === 'number'
      ? array(labels as number[], { dtype: 'int32' })
      : (labels as NDArray);
  checkLabels('nn.oneHot', 'labels', a, classes);
  const shape = [...a.shape, classes];
  const wanted = broadcastInDim(cast(a, 'int32'), shape, range(a.ndim));
  return cast(equal(wanted, iota(shape, a.ndim, 'int32')), checkDType('nn.oneHot', dtype));
}
