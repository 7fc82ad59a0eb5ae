export type { LocalLayer } from './dense-stack';
export { denseStack } from './dense-stack';
export type { EmaSgdOptions } from './ema-sgd';
export { emaSgd } from './ema-sgd';
export type {
  ForwardForward,
  ForwardForwardOptions,
  ForwardForwardState,
  InferenceMode,
  StepMetrics,
} from './forward-forward';
export { forwardForward } from './forward-forward';
export { halfThenLinear } from './gain';
export type { Goodness } from './goodness';
export { meanOfSquares, sumOfSquares } from './goodness';
export type { LabelOverlay } from './label-overlay';
export { labelInPixels } from './label-overlay';
export type { LayerSchedule } from './layer-schedule';
export { allLayers, layerByLayer } from './layer-schedule';
export type { LocalLoss } from './loss';
export { logisticThreshold } from './loss';
export type { NegativeContext, Negatives } from './negatives';
export { customNegatives, hardWrongLabels, uniformWrongLabels } from './negatives';
export type { Normalisation } from './normalisation';
export { lengthNormalisation, meanSquareNormalisation } from './normalisation';
export type { Examples, Progress, TrainOptions, TrainResult } from './train';
export { errorRate, train } from './train';
