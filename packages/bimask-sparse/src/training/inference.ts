import { np, tree } from '@forback/core';
import { type CompressedNetwork, sparseMatmul, sparseMatmulTransposed } from '../compressed';
import { type AnyFunction, withProducts } from './replace-products';

/**
 * Runs a model with a compressed network: products of compressed matrices skip what was pruned, all else is as before.
 * Compile it with `jit`.
 *
 * @param f - the model's own function of its parameters and other arguments, such as `model.apply`.
 * @param network - what `loadCompressed` has read.
 * @returns the function of the other arguments.
 */
export function compressedApply<Params, Rest extends unknown[], R>(
  f: (params: Params, ...rest: Rest) => R,
  network: CompressedNetwork<Params>,
): (...rest: Rest) => R {
  const weights = tree.paths(network.params).map(({ path }) => network.weights[path]);
  const run = withProducts('compressedApply', f as AnyFunction, () => (product, standard) => {
    const weight = weights[product.leaf];
    const [rows, columns] = product.weight.shape as [number, number];
    const [inputAxis] = product.inputAxes;
    if (!weight || product.kind !== 'dense' || product.weight.ndim !== 2 || product.inputAxes.length > 1)
      return standard();
    if (inputAxis === undefined || product.outputAxes.length > 1) return standard();
    const { contract } = product.params as { contract: readonly (readonly number[])[] };
    const contracted = contract[product.side]?.[0];
    const x = np.moveaxis(product.input, contract[1 - product.side]?.[0] as number, -1);
    // The lines of the compressed matrix are the outputs, or the inputs.
    const outputs = contracted === 0 ? columns : rows;
    const y = weight.axis === inputAxis ? sparseMatmul(x, weight) : sparseMatmulTransposed(x, weight, outputs);
    return np.moveaxis(y, -1, product.side === 1 ? -1 : 0);
  });
  return (...rest) => run(network.params, ...rest) as R;
}
