import { isFloating } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { sameShape, showShape, showType } from '../array/shape';
import { ShapeError } from '../errors';
import { asArray } from '../numpy/operands';
import { mean } from '../numpy/reductions';
import { cast } from '../primitives/cast';
import { equal } from '../primitives/compare';
import { argmax } from '../primitives/reduce';
import { checkLabels } from './arguments';

/**
 * The fraction of examples whose largest logit is at the label; of equal logits the first counts.
 *
 * @param logits - [...batch, classes].
 * @param labels - integers [...batch], or floats [...batch, classes] of which the largest marks the label.
 * @returns a float32 scalar from 0 to 1; NaN for no examples.
 */
export function accuracy(logits: NDArray, labels: NDArray): NDArray {
  const [z, target] = [asArray('nn.accuracy', logits), asArray('nn.accuracy', labels)];
  if (z.ndim === 0) throw new ShapeError('nn.accuracy: expected logits to be [...batch, classes], got a scalar');
  const last = z.ndim - 1;
  const distribution = isFloating(target.dtype);
  const expected = distribution ? z.shape : z.shape.slice(0, last);
  if (!sameShape(target.shape, expected)) {
    throw new ShapeError(
      `nn.accuracy: logits ${showType(z)} take integer labels of shape ${showShape(z.shape.slice(0, last))} or a float ` +
        `distribution of shape ${showShape(z.shape)}, got ${showType(target)}`,
    );
  }
  if (!distribution) checkLabels('nn.accuracy', 'labels', target, z.shape[last] as number);
  const wanted = distribution ? argmax(target, last) : cast(target, 'int32');
  return mean(cast(equal(argmax(z, last), wanted), 'float32'));
}
