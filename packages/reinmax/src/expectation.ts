import { ArgumentError, array, grad, type NDArray, nn, np, ShapeError, vmap } from '@forback/core';
import { categorical } from './categorical';
import { checkCount, knownValues } from './checks';
import type { SampleOptions } from './draw';

/** A cost of one sample of the logits' shape: a float scalar. */
export type SampleCost = (sample: NDArray) => NDArray;

/** Options of the exact expectation. */
export interface ExpectationOptions extends Pick<SampleOptions, 'axis' | 'mask'> {
  /** Refuses more outcomes than this. Default: 16384 (the limit of the bias study of Liu et al. 2023). */
  limit?: number;
  /** Outcomes at a time, which bounds the memory of the forward pass. Default: 1024. */
  chunkSize?: number;
}

/**
 * All outcomes of independent categoricals as one-hot vectors.
 *
 * @param logits - [...latents, n] with the categories on `axis`; only the shape counts.
 * @returns [outcomes, ...logits.shape], nᴸ of them for L latents. What a mask forbids is left out, unless the mask's numbers
 * are not known (inside jit and vmap).
 * @throws ArgumentError for more outcomes than `limit`.
 */
export function enumerateOutcomes(logits: NDArray, options: ExpectationOptions = {}): NDArray {
  const where = 'enumerateOutcomes';
  const { restore } = categorical(where, logits, options);
  return vmap(restore)(outcomesOf(where, logits, options));
}

/** The outcomes with the categories on the last axis. */
function outcomesOf(where: string, logits: NDArray, options: ExpectationOptions): NDArray {
  const { limit = 16384 } = options;
  checkCount(where, 'limit', limit);
  const support = categorical(where, np.zerosLike(logits), options).fixed;
  const n = support.shape.at(-1) as number;
  const latents = support.size / n;
  const known = knownValues(support);
  const isAllowed = (latent: number, i: number) => known === null || (known[latent * n + i] as number) === 0;
  const allowed = range(latents).map((latent) => range(n).filter((i) => isAllowed(latent, i)));
  const count = allowed.reduce((product, choices) => product * choices.length, 1);
  if (count > limit) {
    throw new ArgumentError(
      `${where}: logits of shape [${logits.shape.join(', ')}] have ${count} outcomes, more than the limit of ${limit}; ` +
        'raise limit, or estimate from samples',
    );
  }
  const chosen = new Int32Array(count * latents);
  for (let outcome = 0; outcome < count; outcome++) {
    let rest = outcome;
    for (let latent = latents - 1; latent >= 0; latent--) {
      const choices = allowed[latent] as number[];
      chosen[outcome * latents + latent] = choices[rest % choices.length] as number;
      rest = Math.floor(rest / choices.length);
    }
  }
  return nn.oneHot(array(chosen).reshape([count, ...support.shape.slice(0, -1)]), n, support.dtype);
}

function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

/**
 * E[f(D)] over all outcomes of independent categoricals: the objective itself, differentiable in the logits and in whatever
 * f uses. For small problems: nᴸ evaluations of f for L latents with n categories.
 *
 * @param f - a cost of one sample of the logits' shape; it is run with `vmap`.
 * @param logits - [...latents, n] with the categories on `axis`.
 * @returns a scalar.
 * @throws ArgumentError for more outcomes than `limit`.
 */
export function expectation(f: SampleCost, logits: NDArray, options: ExpectationOptions = {}): NDArray {
  const where = 'expectation';
  const { chunkSize = 1024 } = options;
  checkCount(where, 'chunkSize', chunkSize);
  const c = categorical(where, logits, options);
  const outcomes = outcomesOf(where, logits, options);
  const logp = nn.logSoftmax(c.logits);
  const axes = c.logits.shape.map((_, i) => i + 1);
  const count = outcomes.shape[0] as number;
  let total: NDArray | null = null;
  for (let start = 0; start < count; start += chunkSize) {
    const chunk = outcomes.slice([start, Math.min(start + chunkSize, count)]);
    const weights = np.exp(np.where(chunk.greater(0), logp, 0).sum(axes));
    const costs = vmap((sample: NDArray) => scalarCost(where, f(c.restore(sample))))(chunk);
    const part = weights.mul(costs).sum();
    total = total === null ? part : total.add(part);
  }
  return total as NDArray;
}

/** @throws ShapeError unless the cost is a scalar. */
export function scalarCost(where: string, cost: NDArray): NDArray {
  if (cost.ndim === 0) return cost;
  throw new ShapeError(
    `${where}: expected f to return a scalar, got shape [${cost.shape.join(', ')}]; sum or average it`,
  );
}

/**
 * ∇ E[f(D)] in the logits, by enumeration: what every estimator estimates.
 *
 * @returns the logits' shape.
 * @throws ArgumentError for more outcomes than `limit`.
 */
export function exactGradient(f: SampleCost, logits: NDArray, options: ExpectationOptions = {}): NDArray {
  return grad((x: NDArray) => expectation(f, x, options))(logits);
}
