export type {
  CompressBackwardOptions,
  Compressed,
  CompressedNetwork,
  CompressedWeight,
  CompressOptions,
  DecompressOptions,
  SaveCompressedOptions,
} from './compressed';
export {
  compress,
  compressBackward,
  decompress,
  loadCompressed,
  saveCompressed,
  sparseMatmul,
  sparseMatmulTransposed,
  takeEntries,
} from './compressed';
export type { BackwardMaskOptions } from './masks/backward-mask';
export { backwardMask } from './masks/backward-mask';
export type { ExpectedSparsity } from './masks/closed-forms';
export { expectedSparsity } from './masks/closed-forms';
export { forwardMask } from './masks/forward-mask';
export type { MatrixOptions } from './masks/matrix';
export { mvue24 } from './masks/mvue24';
export type { PatternLike } from './masks/parse-pattern';
export type { FoundPermutation, PermutationSearch } from './masks/permutation-search';
export { scorePermutation, searchPermutation } from './masks/permutation-search';
export { softThreshold, softThresholdScale } from './masks/soft-threshold';
export type { TileSolver, TransposableMaskOptions } from './masks/transposable-mask';
export { transposableMask } from './masks/transposable-mask';
export { keptOf, type Pattern } from './pattern';
export type { Scope, SparseLayer } from './training/find-layers';
export { compressedApply } from './training/inference';
export type { ConvolutionGroups } from './training/layer-matrix';
export type { Products } from './training/layer-products';
export type {
  DecayOptions,
  LayerSparsity,
  LayerState,
  MaskedWeight,
  MaskOptions,
  SparseMethod,
} from './training/method';
export type { BiMaskOptions, TransposableOptions } from './training/methods';
export { biMask, oneShot, srSte, sSte, transposable } from './training/methods';
export type {
  KeptEntries,
  LossValue,
  SparseTraining,
  SparseTrainingOptions,
  Sparsity,
} from './training/sparse-training';
export { freeze, sparseTraining } from './training/sparse-training';
