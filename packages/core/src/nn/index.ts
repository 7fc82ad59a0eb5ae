// Layers (pairs of init and apply), activations, initialisers and losses; `functional` has the layers' bare operations.

export { accuracy } from './accuracy';
export {
  elu,
  type GeluOptions,
  gelu,
  glu,
  hardTanh,
  leakyRelu,
  logSigmoid,
  logSoftmax,
  relu,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  tanh,
} from './activations';
export type { ConvOptions } from './convolution';
export type { DropoutOptions } from './dropout';
export { flatten } from './flatten';
export * as functional from './functional';
export type { Initializer, InitializerOptions } from './initializers';
export * as initializers from './initializers';
export type { ApplyOptions, Layer, ParamsOf, StatefulLayer, StateOf } from './layer';
export { type BatchNormOptions, type BatchNormState, batchNorm } from './layers/batch-norm';
export { type ConvLayerOptions, conv, convTranspose } from './layers/conv';
export { type DenseOptions, dense } from './layers/dense';
export { type DropoutLayerOptions, dropout } from './layers/dropout';
export { type EmbeddingOptions, embedding } from './layers/embedding';
export { type LayerNormOptions, layerNorm } from './layers/layer-norm';
export { avgPool, maxPool } from './layers/pooling';
export * as losses from './losses';
export { type MlpOptions, type MlpParams, mlp } from './mlp';
export { oneHot } from './one-hot';
export type { PoolOptions } from './pooling';
export { type Sequential, type SequentialPart, sequential } from './sequential';
export type { Padding, PerAxis } from './spatial';
export { type StandardizeOptions, standardize } from './standardize';
