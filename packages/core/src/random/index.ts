// Random numbers from explicit keys. Nothing here has a state: the same key gives the same numbers, in any order of calls,
// and under every transform. A key is for one draw; make new ones with `split` or `foldIn`.

export type { BernoulliOptions } from './bernoulli';
export { bernoulli } from './bernoulli';
export { bits } from './bits';
export type { CategoricalOptions } from './categorical';
export { categorical } from './categorical';
export type { ChoiceOptions } from './choice';
export { choice } from './choice';
export { exponential, gumbel } from './exponential';
export type { Key, KeyTuple } from './key';
export { foldIn, key, split, splitMany } from './key';
export type { NormalOptions, TruncatedNormalOptions } from './normal';
export { normal, truncatedNormal } from './normal';
export type { OrthogonalOptions } from './orthogonal';
export { orthogonal } from './orthogonal';
export type { PermutationOptions } from './permutation';
export { permutation } from './permutation';
export type { RandintOptions } from './randint';
export { randint } from './randint';
export type { SampleOptions } from './sample-options';
export type { UniformOptions } from './uniform';
export { uniform } from './uniform';
