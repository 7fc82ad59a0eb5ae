export { discoverDirection, discoverDirections } from './discover-direction';
export type { ConditionalFit } from './estimators/conditional-fit';
export { fitHomoscedastic } from './estimators/homoscedastic';
export { fitIfgls } from './estimators/ifgls';
export type { NeuralFitOptions } from './estimators/neural/fit-neural';
export { fitNeural } from './estimators/neural/fit-neural';
export type { SplineFit } from './estimators/spline';
export { fitSpline } from './estimators/spline';
export type { SplineOptions } from './estimators/spline-options';
export type { StudentFit } from './estimators/student-t';
export { fitStudent } from './estimators/student-t';
export type { HsicStatistic } from './independence/hsic';
export { hsic, hsicStatistic } from './independence/hsic';
export { gammaPValue } from './independence/p-value';
export { permutationPValue } from './independence/permutation';
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
