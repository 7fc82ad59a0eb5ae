import { type NDArray, nn, np, ShapeError } from '@forback/core';
import { applyMask } from './categorical';
import { checkAxis, checkFloat, showType } from './checks';

/** Options of `categoricalKl`. */
export interface CategoricalKlOptions {
  /** The axis of the categories. Default: −1. */
  axis?: number;
  /** bool, broadcast to the logits: the allowed categories, of q and of the prior. Default: all. */
  mask?: NDArray;
  /** Logits of the prior, broadcast to the logits; they may be learnt. Default: uniform over the allowed categories. */
  prior?: NDArray;
}

/**
 * KL(q ‖ p) = Σ q (log q − log p) of categorical distributions, in nats, from logits: stable for logits of any size. With the
 * uniform prior of n categories it is Σ q log q + log n.
 *
 * @returns the logits' shape without the category axis: one number for each latent. Sum over latents for an ELBO.
 * @throws ShapeError, DTypeError where the prior or the mask do not fit.
 */
export function categoricalKl(logits: NDArray, options: CategoricalKlOptions = {}): NDArray {
  const where = 'categoricalKl';
  checkFloat(where, 'logits', logits);
  const axis = checkAxis(where, options.axis ?? -1, logits.ndim);
  const { mask, prior } = options;
  const p = prior === undefined ? np.zerosLike(logits) : broadcastPrior(where, prior, logits);
  const logQ = nn.logSoftmax(applyMask(where, logits, mask), axis);
  const logP = nn.logSoftmax(applyMask(where, p, mask), axis);
  const possible = logQ.greater(Number.NEGATIVE_INFINITY);
  const difference = np.where(possible, logQ, 0).sub(np.where(possible, logP, 0));
  return np.exp(logQ).mul(difference).sum(axis);
}

/**
 * KL(q ‖ p) of Bernoulli distributions, in nats, from logits: stable for logits of any size.
 *
 * @param options.prior - logits of the prior, broadcast to the logits; they may be learnt. Default: 0, a fair coin.
 * @returns the logits' shape: one number for each bit.
 */
export function bernoulliKl(logits: NDArray, options: { prior?: NDArray } = {}): NDArray {
  const where = 'bernoulliKl';
  checkFloat(where, 'logits', logits);
  const prior = options.prior === undefined ? np.zerosLike(logits) : broadcastPrior(where, options.prior, logits);
  const q = nn.sigmoid(logits);
  const one = nn.logSigmoid(logits).sub(nn.logSigmoid(prior));
  const zero = nn.logSigmoid(logits.neg()).sub(nn.logSigmoid(prior.neg()));
  return q.mul(one).add(nn.sigmoid(logits.neg()).mul(zero));
}

function broadcastPrior(where: string, prior: NDArray, logits: NDArray): NDArray {
  checkFloat(where, 'prior', prior);
  const offset = logits.ndim - prior.ndim;
  if (offset >= 0 && prior.shape.every((n, i) => n === 1 || n === logits.shape[offset + i])) {
    return np.broadcastTo(prior, logits.shape);
  }
  throw new ShapeError(`${where}: prior ${showType(prior)} does not broadcast to logits ${showType(logits)}`);
}
