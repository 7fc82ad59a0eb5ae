// Learning rates as functions of the number of updates made so far. They are written with array operations, so that the
// step may be a traced counter; all of them give float32 scalars.

import type { ArrayLike, NDArray } from '../array/ndarray';
import { ArgumentError } from '../errors';
import { full } from '../numpy/creation';
import { where as choose, clip, cos, divide, floor, power } from '../numpy/elementwise';
import { asArray } from '../numpy/operands';
import { checkFinite, checkPositive, checkSteps } from './arguments';

/** A value for each step, counted from 0. */
export type Schedule = (step: NDArray) => NDArray | number;

/** The schedules here also take a plain number, which is good for a plot. */
export type StepSchedule = (step: ArrayLike) => NDArray;

function asStep(where: string, step: ArrayLike): NDArray {
  return asArray(where, step).astype('float32');
}

/** (1 − p) · from + p · to, which is exact at both ends. */
function blend(from: number, to: number, p: NDArray): NDArray {
  return p.neg().add(1).mul(from).add(p.mul(to));
}

/** The same value at every step. */
export function constant(value: number): StepSchedule {
  checkFinite('optim.schedules.constant', 'value', value);
  return (step) => full(asArray('optim.schedules.constant', step).shape, value);
}

export interface LinearOptions {
  /** The value up to `start`. */
  from: number;
  /** The value from `start + steps` on. */
  to: number;
  /** How many steps the way takes. */
  steps: number;
  /** The first step of the way. Default: 0. */
  start?: number;
}

/** From one value to another in equal steps. */
export function linear({ from, to, steps, start = 0 }: LinearOptions): StepSchedule {
  const where = 'optim.schedules.linear';
  checkFinite(where, 'from', from);
  checkFinite(where, 'to', to);
  checkSteps(where, 'steps', steps, 1);
  checkSteps(where, 'start', start, 0);
  return (step) => blend(from, to, clip(divide(asStep(where, step).sub(start), steps), 0, 1));
}

export interface ExponentialDecayOptions {
  /** The value up to `start`. */
  from: number;
  /** The factor of `steps` steps, above 0. */
  rate: number;
  /** How many steps multiply the value by `rate`. */
  steps: number;
  /** The first step of the decay. Default: 0. */
  start?: number;
  /** Decay at every `steps`-th step only, instead of a little at each. Default: false. */
  staircase?: boolean;
  /** The value never passes this one: a floor for rates below 1, a ceiling above. Default: none. */
  to?: number;
}

/** from · rate^((step − start) / steps). */
export function exponentialDecay(options: ExponentialDecayOptions): StepSchedule {
  const where = 'optim.schedules.exponentialDecay';
  const { from, rate, steps, start = 0, staircase = false, to } = options;
  checkFinite(where, 'from', from);
  checkPositive(where, 'rate', rate);
  checkSteps(where, 'steps', steps, 1);
  checkSteps(where, 'start', start, 0);
  if (to !== undefined) checkFinite(where, 'to', to);
  const falling = rate < 1 === from >= 0;
  return (step) => {
    const passed = clip(divide(asStep(where, step).sub(start), steps), 0, null);
    const value = power(rate, staircase ? floor(passed) : passed).mul(from);
    if (to === undefined) return value;
    return falling ? clip(value, to, null) : clip(value, null, to);
  };
}

export interface CosineDecayOptions {
  /** The value at step 0. */
  from: number;
  /** How many steps the way takes. */
  steps: number;
  /** The value from then on. Default: 0. */
  to?: number;
}

/** to + ½ (from − to)(1 + cos(π step / steps)), then `to` (Loshchilov and Hutter 2017, equation 5, without restarts). */
export function cosineDecay({ from, steps, to = 0 }: CosineDecayOptions): StepSchedule {
  const where = 'optim.schedules.cosineDecay';
  checkFinite(where, 'from', from);
  checkFinite(where, 'to', to);
  checkSteps(where, 'steps', steps, 1);
  return (step) => cosine(from, to, divide(asStep(where, step), steps));
}

function cosine(from: number, to: number, progress: NDArray): NDArray {
  const p = cos(clip(progress, 0, 1).mul(Math.PI));
  return blend(from, to, p.neg().add(1).mul(0.5));
}

export interface WarmupCosineOptions {
  /** The value at step `warmupSteps`. */
  peak: number;
  /** How many steps it takes to get there, in equal steps. */
  warmupSteps: number;
  /** The step at which the decay ends, warm-up included. */
  steps: number;
  /** The value at step 0. Default: 0. */
  from?: number;
  /** The value from step `steps` on. Default: 0. */
  to?: number;
}

/** `linear` up to the peak, then `cosineDecay` (as Optax's warmup_cosine_decay_schedule). */
export function warmupCosine({ peak, warmupSteps, steps, from = 0, to = 0 }: WarmupCosineOptions): StepSchedule {
  const where = 'optim.schedules.warmupCosine';
  checkFinite(where, 'peak', peak);
  checkFinite(where, 'from', from);
  checkFinite(where, 'to', to);
  checkSteps(where, 'warmupSteps', warmupSteps, 0);
  checkSteps(where, 'steps', steps, warmupSteps + 1);
  return (step) => {
    const t = asStep(where, step);
    const down = cosine(peak, to, divide(t.sub(warmupSteps), steps - warmupSteps));
    if (warmupSteps === 0) return down;
    return choose(t.less(warmupSteps), blend(from, peak, divide(t, warmupSteps)), down);
  };
}

export interface PiecewiseOptions {
  /** Steps at which the next value begins, ascending. */
  boundaries: readonly number[];
  /** One value more than boundaries. */
  values: readonly number[];
}

/** values[i] from step boundaries[i − 1] on, up to the next boundary. */
export function piecewise({ boundaries, values }: PiecewiseOptions): StepSchedule {
  const where = 'optim.schedules.piecewise';
  if (!Array.isArray(boundaries) || !Array.isArray(values) || values.length !== boundaries.length + 1) {
    throw new ArgumentError(
      `${where}: expected one value more than boundaries, got ${values?.length} values and ${boundaries?.length} boundaries`,
    );
  }
  values.forEach((value, i) => checkFinite(where, `values[${i}]`, value as number));
  boundaries.forEach((boundary, i) => {
    checkSteps(where, `boundaries[${i}]`, boundary as number, i === 0 ? 1 : (boundaries[i - 1] as number) + 1);
  });
  return (step) => {
    const t = asStep(where, step);
    const first = full(t.shape, values[0] as number);
    return boundaries.reduce((value, boundary, i) => choose(t.less(boundary), value, values[i + 1] as number), first);
  };
}
