import { ArgumentError, jit, type NDArray, nn, np, optim, random, valueAndGrad, vmap } from '@forback/core';
import { checkCount } from '../checks';
import type { Estimator } from '../draw';
import { leaveOneOut, surrogateCost } from '../reinforce';

/** Settings of polynomial programming; the defaults are those of Liu et al. 2023. */
export interface PolynomialOptions {
  estimator: Estimator;
  /** p of the cost, above 0: 1.5, 2 and 3 in the paper. */
  exponent: number;
  /** c, in (0, 0.5). Default: 0.45. */
  target?: number;
  /** L, the number of bits. Default: 128. */
  length?: number;
  /** Samples of each step. Default: 64. */
  batchSize?: number;
  /** Of Adam. Default: 0.001. */
  learningRate?: number;
  /** Leave-one-out baseline over the batch, for `reinforce`; other estimators ignore it. Default: false. */
  leaveOneOut?: boolean;
}

/** What goes round the loop. */
export interface PolynomialState {
  logits: NDArray;
  optimiser: unknown;
}

/** A small problem whose optimum, start and straight-through fixed point are known in closed form. */
export interface PolynomialProgram {
  /** Logits uniform in ±0.01. */
  init(key: random.Key): PolynomialState;
  /** One step of Adam on one batch; the state is consumed. The loss is that of the batch, before the update. */
  step(state: PolynomialState, key: random.Key): [state: PolynomialState, loss: NDArray];
  /** E|X − c|ᵖ / L exactly, for logits [L, 2]. */
  exactLoss(logits: NDArray): NDArray;
  /** The exact loss with fair bits: ½(cᵖ + (1 − c)ᵖ). */
  readonly start: number;
  /** The least loss, cᵖ: all bits 0. */
  readonly optimum: number;
  /** Where straight-through comes to rest: P(1) = c^{p−1} / (c^{p−1} + (1 − c)^{p−1}), and the loss there. */
  readonly straightThroughFixedPoint: { readonly probability: number; readonly loss: number };
}

/**
 * Polynomial programming: min E|X − c|ᵖ / L over independent bits X of length L, each a choice between two categories (Liu et
 * al. 2023, polynomial programming). The paper trains for 40 epochs of 200 steps.
 *
 * @throws ArgumentError for settings that make no problem.
 */
export function polynomialProgram(options: PolynomialOptions): PolynomialProgram {
  const where = 'polynomialProgram';
  const { estimator, exponent: p, target: c = 0.45, length = 128, batchSize = 64, learningRate = 1e-3 } = options;
  checkCount(where, 'length', length);
  checkCount(where, 'batchSize', batchSize, options.leaveOneOut ? 2 : 1);
  if (!(p > 0)) throw new ArgumentError(`${where}: expected exponent above 0, got ${p}`);
  if (!(c > 0 && c < 0.5)) throw new ArgumentError(`${where}: expected target in (0, 0.5), got ${c}`);
  const adam = optim.adam({ learningRate });
  const loss = (logits: NDArray, key: random.Key): NDArray => {
    const { cost, draw } = vmap((sampleKey: NDArray) => {
      const draw = estimator(logits, sampleKey);
      // Category 1 stands for the bit 1.
      const bits = draw.sample.slice(null, [1, 2]).reshape([length]);
      return { cost: np.abs(bits.sub(c)).pow(p).mean(), draw };
    })(random.splitMany(key, batchSize));
    return surrogateCost(cost, draw, options.leaveOneOut ? { baseline: leaveOneOut(cost) } : {}).mean();
  };
  const step = jit(
    (state: PolynomialState, key: random.Key): [PolynomialState, NDArray] => {
      const [value, gradient] = valueAndGrad(loss)(state.logits, key);
      const [updates, optimiser] = adam.update(gradient, state.optimiser as ReturnType<typeof adam.init>, state.logits);
      return [{ logits: optim.applyUpdates(state.logits, updates), optimiser }, value];
    },
    { donate: 0, name: 'polynomialProgram.step' },
  );
  const lossAt = (probability: number) => probability * (1 - c) ** p + (1 - probability) * c ** p;
  const probability = c ** (p - 1) / (c ** (p - 1) + (1 - c) ** (p - 1));
  return {
    init(key) {
      const logits = random.uniform(key, { shape: [length, 2], minval: -0.01, maxval: 0.01 });
      return { logits, optimiser: adam.init(logits) };
    },
    step,
    exactLoss: (logits) =>
      nn
        .softmax(logits)
        .mul(np.stack([np.full([], c ** p), np.full([], (1 - c) ** p)]))
        .sum(1)
        .mean(),
    start: lossAt(0.5),
    optimum: lossAt(0),
    straightThroughFixedPoint: { probability, loss: lossAt(probability) },
  };
}
