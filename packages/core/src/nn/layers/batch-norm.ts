import type { DType } from '../../array/dtype';
import type { NDArray } from '../../array/ndarray';
import { range, showType, sizeOf } from '../../array/shape';
import { ShapeError } from '../../errors';
import { ones, zeros } from '../../numpy/creation';
import { asFloat } from '../../numpy/operands';
import { add, mul, sub } from '../../primitives/arithmetic';
import { broadcastInDim, fillLike } from '../../primitives/broadcast';
import { cast, stopGradient } from '../../primitives/cast';
import { checkNumber, checkPositiveInteger } from '../arguments';
import type { StatefulLayer } from '../layer';
import { checkEpsilon, inverseDeviation, moments } from '../standardize';

export interface BatchNormOptions {
  /** Number of channels: the size of axis 1. */
  features: number;
  /** What the running statistics keep of themselves in each step. Default: 0.9 (PyTorch, which writes it as 0.1). */
  momentum?: number;
  /** Added to the variance. Default: 1e-5 (PyTorch; the paper gives none). */
  epsilon?: number;
  /** Of the parameters and the state. Default: float32. */
  dtype?: DType;
}

export interface BatchNormState {
  /** Running mean of each channel. */
  mean: NDArray;
  /** Running variance of each channel. */
  variance: NDArray;
}

/**
 * scale · (x − mean) / √(variance + ε) + bias for each channel (Ioffe and Szegedy 2015, algorithms 1 and 2):
 * [n, features, ...spatial] to the same.
 *
 * With `train` the mean and variance are those of the batch (all axes but the channels), the derivative goes through them,
 * and the new state is momentum · state + (1 − momentum) · batch, with the unbiased variance (algorithm 2, step 10).
 * Otherwise they are those of the state, and the state stays.
 *
 * @returns a layer with parameters `{ scale: [features], bias: [features] }` (ones and zeros at first) and the state
 * `{ mean: [features], variance: [features] }` (zeros and ones).
 * @throws ShapeError, when applied, for other channels, or for training with one value per channel, which has no variance.
 */
export function batchNorm(options: BatchNormOptions): StatefulLayer<{ scale: NDArray; bias: NDArray }, BatchNormState> {
  const where = 'nn.batchNorm';
  const { features, momentum = 0.9, epsilon = 1e-5, dtype = 'float32' } = options;
  checkPositiveInteger(where, 'features', features);
  checkNumber(where, 'momentum', momentum, momentum >= 0 && momentum < 1, 'a number of 0 or more, below 1');
  checkEpsilon(where, epsilon);
  return {
    init: () => ({ scale: ones([features], { dtype }), bias: zeros([features], { dtype }) }),
    initState: () => ({ mean: zeros([features], { dtype }), variance: ones([features], { dtype }) }),
    apply({ scale, bias }, state, input, { train = false } = {}) {
      const x = asFloat(where, input);
      if (x.ndim < 2 || x.shape[1] !== features) {
        throw new ShapeError(`${where}: expected x to be [n, ${features}, ...spatial], got ${showType(x)}`);
      }
      const spread = (v: NDArray) => broadcastInDim(cast(v, x.dtype), x.shape, [1]);
      const finish = (centred: NDArray, variance: NDArray) => {
        const factor = mul(inverseDeviation(variance, epsilon), cast(scale, variance.dtype));
        return add(mul(centred, spread(factor)), spread(bias));
      };
      if (!train) return [finish(sub(x, spread(state.mean)), state.variance), state];
      const axes = range(x.ndim).filter((axis) => axis !== 1);
      const count = sizeOf(axes.map((axis) => x.shape[axis] as number));
      if (count < 2) {
        throw new ShapeError(
          `${where}: training needs at least two values for each channel, got x ${showType(x)}; use a larger batch`,
        );
      }
      const batch = moments(x, axes);
      const unbiased = mul(batch.variance, fillLike(batch.variance, count / (count - 1)));
      const follow = (running: NDArray, now: NDArray) =>
        add(
          mul(running, fillLike(running, momentum)),
          mul(cast(stopGradient(now), running.dtype), fillLike(running, 1 - momentum)),
        );
      return [
        finish(batch.centred, batch.variance),
        { mean: follow(state.mean, batch.mean), variance: follow(state.variance, unbiased) },
      ];
    },
  };
}
