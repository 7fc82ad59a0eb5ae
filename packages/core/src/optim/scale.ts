import type { NDArray } from '../array/ndarray';
import { ArgumentError } from '../errors';
import { asArray } from '../numpy/operands';
import { checkFinite, checkLearningRate } from './arguments';
import { mapLeaves } from './map-leaves';
import { zeroCount } from './moments';
import type { Schedule } from './schedules';
import type { GradientTransform } from './transform';

export interface ScheduleState {
  /** Updates made so far, an int32 scalar. */
  count: NDArray;
}

/** factor · g. */
export function scale(factor: number): GradientTransform<null> {
  checkFinite('optim.scale', 'factor', factor);
  return {
    init: () => null,
    update: (gradients) => [mapLeaves('optim.scale', { gradients }, (g) => g.mul(factor)), null],
  };
}

/** schedule(t) · g, with t = 0 for the first update. */
export function scaleBySchedule(schedule: Schedule): GradientTransform<ScheduleState> {
  const where = 'optim.scaleBySchedule';
  if (typeof schedule !== 'function') {
    throw new ArgumentError(`${where}: expected schedule to be a function, got ${typeof schedule}`);
  }
  return scheduled(where, schedule, 1);
}

/**
 * −learningRate · g: downhill, by a number or a schedule of the number of updates made so far. The last transform of an
 * optimiser.
 */
export function scaleByLearningRate(learningRate: number | Schedule): GradientTransform<ScheduleState | null> {
  checkLearningRate('optim.scaleByLearningRate', learningRate);
  if (typeof learningRate === 'number') return scale(-learningRate);
  return scheduled('optim.scaleByLearningRate', learningRate, -1) as GradientTransform<ScheduleState | null>;
}

function scheduled(where: string, schedule: Schedule, sign: 1 | -1): GradientTransform<ScheduleState> {
  return {
    init: () => ({ count: zeroCount() }),
    update(gradients, { count }) {
      const factor = asArray(where, schedule(count)).mul(sign);
      return [mapLeaves(where, { gradients }, (g) => g.mul(factor.astype(g.dtype))), { count: count.add(1) }];
    },
  };
}
