import { type NDArray, nn, np, ShapeError, stopGradient } from '@forback/core';
import { applyMask } from './categorical';
import { checkAxis, checkFinite, checkFloat, checkLogits, checkSupport, showType } from './checks';

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
 * @throws ShapeError, DTypeError where the prior or the mask do not fit; ArgumentError for logits or a prior that make no
 * distribution, or a prior that forbids what the logits allow (where values are known).
 */
export function categoricalKl(logits: NDArray, options: CategoricalKlOptions = {}): NDArray {
  const where = 'categoricalKl';
  checkFloat(where, 'logits', logits);
  const axis = checkAxis(where, options.axis ?? -1, logits.ndim);
  const { mask, prior } = options;
  const p = prior === undefined ? np.zerosLike(logits) : broadcastPrior(where, prior, logits);
  const categoriesLast = (x: NDArray) => np.moveaxis(stopGradient(x), axis, -1);
  const distribution = (x: NDArray, name: string) => {
    const allowed = applyMask(where, x, mask);
    checkLogits(where, categoriesLast(allowed), name);
    return nn.logSoftmax(allowed, axis);
  };
  const logQ = distribution(logits, 'logits');
  const logP = distribution(p, 'prior logits');
  if (prior !== undefined) checkSupport(where, categoriesLast(logQ), categoriesLast(logP));
  const possible = logQ.greater(Number.NEGATIVE_INFINITY);
  const difference = np.where(possible, logQ, 0).sub(np.where(possible, logP, 0));
  return np.exp(logQ).mul(difference).sum(axis);
}

/**
 * KL(q ‖ p) of Bernoulli distributions, in nats, from logits: stable for logits of any size.
 *
 * @param options.prior - logits of the prior, broadcast to the logits; they may be learnt. Default: 0, a fair coin.
 * @returns the logits' shape: one number for each bit.
 * @throws ShapeError, DTypeError where the prior does not fit; ArgumentError for numbers that are not finite (where known).
 */
export function bernoulliKl(logits: NDArray, options: { prior?: NDArray } = {}): NDArray {
  const where = 'bernoulliKl';
  checkFloat(where, 'logits', logits);
  const prior = options.prior === undefined ? np.zerosLike(logits) : broadcastPrior(where, options.prior, logits);
  checkFinite(where, 'logits', stopGradient(logits));
  checkFinite(where, 'prior logits', stopGradient(prior));
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
