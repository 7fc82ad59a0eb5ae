import { ArgumentError } from '../errors';
import { checkDecay, checkLearningRate } from './arguments';
import { type ScheduleState, scaleByLearningRate } from './scale';
import { type AdamMoments, type AdamState, checkMoments, scaleByAdam } from './scale-by-adam';
import { checkRadam, type RadamMoments, scaleByRadam } from './scale-by-radam';
import { checkRms, type RmsOptions, type RmsState, scaleByRms } from './scale-by-rms';
import type { Schedule } from './schedules';
import { type TraceState, trace } from './trace';
import { chain, type GradientTransform, identity } from './transform';
import { addDecayedWeights, checkWeightDecay, type WeightDecayOptions } from './weight-decay';

// The optimisers are chains of transforms; their states are lists in the same order.

export interface MomentumOptions {
  /** What the step keeps of the one before, 0 ≤ momentum < 1. Default: 0 (none). */
  momentum?: number;
  /** Nesterov's look ahead; needs a momentum. Default: false. */
  nesterov?: boolean;
}

function momentumOf(
  where: string,
  { momentum = 0, nesterov = false }: MomentumOptions,
): GradientTransform<TraceState | null> {
  checkDecay(where, 'momentum', momentum);
  if (momentum > 0) return trace({ decay: momentum, nesterov }) as GradientTransform<TraceState | null>;
  if (nesterov) throw new ArgumentError(`${where}: nesterov needs a momentum above 0, got ${momentum}`);
  return identity();
}

export interface SgdOptions extends MomentumOptions {
  /** Step size: a number, or a schedule of the number of updates made so far. */
  learningRate: number | Schedule;
}

/**
 * Stochastic gradient descent: θ ← θ − η · m with m ← g + μ · m, or θ ← θ − η · (g + μ · m) with Nesterov's look ahead
 * (Sutskever et al. 2013).
 */
export function sgd(options: SgdOptions): GradientTransform<[TraceState | null, ScheduleState | null]> {
  checkLearningRate('optim.sgd', options.learningRate);
  return chain(momentumOf('optim.sgd', options), scaleByLearningRate(options.learningRate));
}

export interface AdamOptions extends AdamMoments {
  /** Step size: a number, or a schedule. Default: 0.001 (Kingma and Ba 2015, algorithm 1). */
  learningRate?: number | Schedule;
}

/** Adam: θ ← θ − η · m̂ / (√v̂ + ε), see `scaleByAdam` (Kingma and Ba 2015, algorithm 1). */
export function adam(options: AdamOptions = {}): GradientTransform<[AdamState, ScheduleState | null]> {
  const { learningRate = 1e-3 } = options;
  checkLearningRate('optim.adam', learningRate);
  checkMoments('optim.adam', options);
  return chain(scaleByAdam(options), scaleByLearningRate(learningRate));
}

export interface AdamwOptions extends AdamOptions, Partial<WeightDecayOptions> {
  /** The rate λ, which the learning rate multiplies. Default: 0.01 (PyTorch). */
  weightDecay?: number;
}

/**
 * Adam with decoupled weight decay: θ ← θ − η · (m̂ / (√v̂ + ε) + λ · θ) (Loshchilov and Hutter 2019, algorithm 2, with the
 * decay multiplied by the learning rate, as in PyTorch). `update` needs the parameters.
 */
export function adamw(options: AdamwOptions = {}): GradientTransform<[AdamState, null, ScheduleState | null]> {
  const { learningRate = 1e-3, weightDecay = 0.01 } = options;
  const decay = { ...options, weightDecay };
  checkLearningRate('optim.adamw', learningRate);
  checkMoments('optim.adamw', options);
  checkWeightDecay('optim.adamw', decay);
  return chain(scaleByAdam(options), addDecayedWeights(decay), scaleByLearningRate(learningRate));
}

export interface RadamOptions extends RadamMoments {
  /** Step size: a number, or a schedule. Default: 0.001 (as Adam). */
  learningRate?: number | Schedule;
}

/** Rectified Adam: θ ← θ − η · u with u of `scaleByRadam` (Liu et al. 2020, algorithm 2). */
export function radam(options: RadamOptions = {}): GradientTransform<[AdamState, ScheduleState | null]> {
  const { learningRate = 1e-3 } = options;
  checkLearningRate('optim.radam', learningRate);
  checkRadam('optim.radam', options);
  return chain(scaleByRadam(options), scaleByLearningRate(learningRate));
}

export interface RmspropOptions extends RmsOptions, MomentumOptions {
  /** Step size: a number, or a schedule. Default: 0.001 (Keras). */
  learningRate?: number | Schedule;
}

/** RMSProp: θ ← θ − η · g / (√v + ε), with momentum on the whole if asked for; see `scaleByRms` (Hinton 2012, lecture 6e). */
export function rmsprop(
  options: RmspropOptions = {},
): GradientTransform<[RmsState, TraceState | null, ScheduleState | null]> {
  const { learningRate = 1e-3 } = options;
  checkLearningRate('optim.rmsprop', learningRate);
  checkRms('optim.rmsprop', options);
  return chain(scaleByRms(options), momentumOf('optim.rmsprop', options), scaleByLearningRate(learningRate));
}
