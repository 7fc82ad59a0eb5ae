export {
  type CategoricalVae,
  type CategoricalVaeOptions,
  type CategoricalVaeParams,
  categoricalVae,
} from './categorical-vae';
export { type ListOpsData, type ListOpsOptions, listOps, listOpsTokens } from './list-ops';
export { type ListOpsTree, type ListOpsTreeOptions, type ListOpsTreeParams, listOpsTree } from './list-ops-tree';
export {
  type PolynomialOptions,
  type PolynomialProgram,
  type PolynomialState,
  polynomialProgram,
} from './polynomial';
