export type { FunctionalEntropy } from './analysis/functional-entropy';
export { functionalEntropy } from './analysis/functional-entropy';
export { hoyerSparsity } from './analysis/sparsity';
export type { Backpropagation, BackpropagationOptions, BackpropagationState } from './backpropagation';
export { backpropagation } from './backpropagation';
export type { LocalLayer } from './dense-stack';
export { denseStack } from './dense-stack';
export type { EmaSgdOptions } from './ema-sgd';
export { emaSgd } from './ema-sgd';
export type { ForwardForward, InferenceMode, PredictOptions } from './forward-forward';
export { forwardForward } from './forward-forward';
export { halfThenLinear } from './gain';
export type { ClassGoodness, Goodness } from './goodness';
export { activityNorm, channelGroups, lowForReal, meanOfSquares, projectedClasses, sumOfSquares } from './goodness';
export { type Graph, undirectedGraph } from './graph/graph';
export {
  type GraphLayer,
  type GraphLayerOptions,
  graphAttention,
  graphConvolution,
  sageMean,
} from './graph/graph-layers';
export type { GraphMethod, Part } from './graph/graph-method';
export {
  areaUnderCurve,
  type LinkOptions,
  type LinkPairs,
  type LinkTask,
  linkPrediction,
  splitLinks,
} from './graph/links';
export {
  graphBackpropagation,
  type LabelledGraphOptions,
  labelAppending,
  type NodeMethodOptions,
  singleForward,
  virtualLabelNodes,
} from './graph/node-methods';
export type { NodeTask, View } from './graph/node-task';
export { sparseMatmul } from './graph/sparse-matmul';
export { type Entries, type Features, type SparseMatrix, sparseMatrix } from './graph/sparse-matrix';
export {
  type GraphProgress,
  type GraphState,
  type GraphTrainOptions,
  graphAdam,
  graphQuality,
  graphScores,
  trainGraph,
} from './graph/train-graph';
export type { HybridOptions } from './hybrids';
export { blobMask, maskedHybrids } from './hybrids';
export type { LabelOverlay } from './label-overlay';
export { labelInChannel, labelInPixels, labelPatterns, noLabel } from './label-overlay';
export type { LayerReport } from './layer-report';
export { layerReport } from './layer-report';
export type { LayerSchedule } from './layer-schedule';
export { allLayers, alternating, layerByLayer } from './layer-schedule';
export type { Classifier, Learner, Optimiser, StepMetrics, StepOptions } from './learner';
export type { ClassLoss, PairLoss } from './loss';
export { classCrossEntropy, goodnessMargin, likelihoodRatio, logisticThreshold } from './loss';
export type { NegativeContext, Negatives } from './negatives';
export { allWrongLabels, customNegatives, hardWrongLabels, permutedLabels, uniformWrongLabels } from './negatives';
export type { Normalisation } from './normalisation';
export { lengthNormalisation, meanSquareNormalisation } from './normalisation';
export type { ClassOptions, CommonOptions, ForwardForwardOptions, PairOptions } from './options';
export type { HeadParams } from './softmax-head';
export type { ForwardForwardState, LayerState } from './state';
export type { Examples, Progress, TrainOptions, TrainResult } from './train';
export { errorRate, train } from './train';
export { topDownSingleForward, type TopDownGraph, type TopDownGraphOptions, type TopDownGraphState } from './graph/top-down-graph';
export { topDownForwardForward, type TopDownForwardForward, type TopDownOptions, type TopDownState, type TwoWayLayers, twoWayStack } from './top-down';
export { localFields, type LocalFieldOptions, type LocalFieldParams } from './local-fields';
export { barChartSvg, type ChartOptions, heatmapSvg } from './analysis/charts';
export { type EnsembleOptions, sharedUnits, unitEnsemble } from './analysis/ensembles';
export { type LayerRepresentation, type Observable, type RepresentationOptions, representations, withoutClass } from './analysis/representations';
