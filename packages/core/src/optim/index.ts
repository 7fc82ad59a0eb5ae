// Optimisers in the manner of Optax: pure pairs of init and update that compose.

export { applyUpdates } from './apply-updates';
export { clipByGlobalNorm, clipByValue, globalNorm } from './clip';
export {
  type AdamOptions,
  type AdamwOptions,
  adam,
  adamw,
  type MomentumOptions,
  type RadamOptions,
  type RmspropOptions,
  radam,
  rmsprop,
  type SgdOptions,
  sgd,
} from './optimizers';
export { type ScheduleState, scale, scaleByLearningRate, scaleBySchedule } from './scale';
export { type AdamMoments, type AdamState, scaleByAdam } from './scale-by-adam';
export { type RadamMoments, scaleByRadam } from './scale-by-radam';
export { type RmsOptions, type RmsState, scaleByRms } from './scale-by-rms';
export type { Schedule, StepSchedule } from './schedules';
export * as schedules from './schedules';
export { type TraceOptions, type TraceState, trace } from './trace';
export { chain, type GradientTransform, identity, type ParamsTree } from './transform';
export { addDecayedWeights, type WeightDecayOptions } from './weight-decay';
