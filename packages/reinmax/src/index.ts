export { type BernoulliOptions, bernoulliEstimator } from './bernoulli';
export { type DiagnoseOptions, type Diagnosis, type DiagnosisState, diagnose } from './diagnostics';
export type { Draw, Estimator, EstimatorOptions, SampleOptions, ScoreDraw } from './draw';
export {
  type EstimateOptions,
  type ExactMomentsOptions,
  estimateGradient,
  exactMoments,
  type Moments,
} from './exact-moments';
export { type ExpectationOptions, enumerateOutcomes, exactGradient, expectation, type SampleCost } from './expectation';
export { type GstOptions, gst } from './gst';
export { type GumbelRaoOptions, gumbelRao, straightThroughGumbel } from './gumbel';
export { bernoulliKl, type CategoricalKlOptions, categoricalKl } from './kl';
export { type ReinmaxCVOptions, type ReinmaxRaoOptions, reinmaxCV, reinmaxRao } from './low-variance-reinmax';
export { leaveOneOut, movingAverage, reinforce, type SurrogateOptions, surrogateCost } from './reinforce';
export { reinmax } from './reinmax';
export { type DecoupledOptions, decoupledStraightThrough, straightThrough } from './straight-through';
