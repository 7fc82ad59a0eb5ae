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
export type { WeightingOptions } from './metrics/accuracy';
export { accuracy } from './metrics/accuracy';
export { auroc } from './metrics/auroc';
export type { BenchmarkMetrics } from './metrics/benchmark-metrics';
export { benchmarkMetrics } from './metrics/benchmark-metrics';
export type { AudrcDefinition, DecisionRatePoint } from './metrics/decision-rate';
export { audrc, decisionRateCurve } from './metrics/decision-rate';
export type { ScoredPair } from './metrics/scored-pair';
export type {
  AbortSignalLike,
  DirectionOptions,
  DiscoverProgress,
  EstimatorName,
  FeatureOptions,
  MethodName,
  NeuralOptions,
  NoiseName,
  RuleName,
} from './options';
export type { DecisionRateChartOptions } from './plots/decision-rate-chart';
export { decisionRateChart } from './plots/decision-rate-chart';
export type { DirectionChartOptions } from './plots/direction-charts';
export { directionChart, residualChart } from './plots/direction-charts';
export type { BothWays, Direction, DirectionResult, DiscoveryWarning, PlotData, Prediction } from './result';
export type { Stability, StabilityOptions } from './suite/bootstrap';
export { directionStability } from './suite/bootstrap';
export type { PairOutcome } from './suite/pair-outcome';
export type { SuiteOptions, SuiteProgress, SuiteReport } from './suite/run-suite';
export { runSuite } from './suite/run-suite';
export type { SuitePair } from './suite/suite-pair';
