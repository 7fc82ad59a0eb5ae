export { discoverDirection, discoverDirections } from './discover-direction';
export type { ConditionalFit } from './estimators/conditional-fit';
export type { SplineFit, SplineOptions } from './estimators/spline';
export { fitSpline } from './estimators/spline';
export type { CepcRow, Column, NamedColumns, PairInput } from './input/read-pair';
export type {
  DirectionOptions,
  DiscoverProgress,
  EstimatorName,
  FeatureOptions,
  MethodName,
  NeuralOptions,
  NoiseName,
  RuleName,
} from './options';
export type { BothWays, Direction, DirectionResult, DiscoveryWarning, PlotData, Prediction } from './result';
