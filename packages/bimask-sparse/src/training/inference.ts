import { type NDArray, np, ShapeError, tree } from '@forback/core';
import { type Compressed, decompress, sparseMatmul } from '../compressed';
import { type AnyFunction, withProducts } from './replace-products';

/** A weight as it is stored for inference: its non-zeros and where they are. */
export interface CompressedWeight extends Compressed {
  /** No numbers: its shape is [0, axis that numbers the inputs, ...shape of the weight]. */
  readonly layout: NDArray;
}

/** Parameters in which the sparse matrices are `CompressedWeight`s: a tree of arrays, for `io.save`. */
export type CompressedParameters<Params> = Params extends NDArray
  ? Params | CompressedWeight
  : Params extends object
    ? { [K in keyof Params]: CompressedParameters<Params[K]> }
    : Params;

/** The compressed form of the entries of a weight that a mask keeps. */
export function compressedWeight(kept: Compressed, shape: readonly number[], inputAxis: 0 | 1): CompressedWeight {
  return { ...kept, layout: np.zeros([0, inputAxis, ...shape]) };
}

/**
 * Runs a model with compressed parameters: products of compressed matrices skip what was pruned. Compile it with `jit`; then
 * no dense weight is made unless the model does something else with it than multiply.
 *
 * @param f - the model's own function of its parameters and other arguments, such as `model.apply`.
 * @returns the same function for what `compress` of `sparseTraining` gives, in the place of the parameters.
 * @throws ShapeError for a compressed weight that is damaged.
 */
export function compressedApply<Params, Rest extends unknown[], R>(
  f: (params: Params, ...rest: Rest) => R,
): (params: CompressedParameters<Params>, ...rest: Rest) => R {
  return (params, ...rest) => {
    const weights = new Map<NDArray, CompressedWeight>();
    const dense = expand(params, weights);
    const leaves = tree.leaves(dense);
    const run = withProducts('compressedApply', f as AnyFunction, () => (product, standard) => {
      const weight = weights.get(leaves[product.leaf] as NDArray);
      if (!weight || product.kind !== 'dense' || product.weight.ndim !== 2) return standard();
      if (product.inputAxes.join() !== String(weight.layout.shape[1])) return standard();
      const { contract } = product.params as { contract: readonly (readonly number[])[] };
      const x = np.moveaxis(product.input, contract[1 - product.side]?.[0] as number, -1);
      return np.moveaxis(sparseMatmul(x, weight), -1, product.side === 1 ? -1 : 0);
    });
    return run(dense, ...rest) as R;
  };
}

/** The tree with dense weights; `weights` says which of them are compressed. */
function expand(value: unknown, weights: Map<NDArray, CompressedWeight>): unknown {
  if (Array.isArray(value)) return value.map((item) => expand(item, weights));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  if (!isCompressedWeight(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expand(item, weights)]));
  }
  const { values, indices, layout } = value;
  const [none, inputAxis, rows, columns] = layout.shape;
  const outputs = inputAxis === 1 ? rows : columns;
  if (layout.ndim !== 4 || none !== 0 || (inputAxis !== 0 && inputAxis !== 1) || values.shape[0] !== outputs) {
    throw new ShapeError(
      'compressedApply: expected a weight with layout [0, axis of the inputs, rows, columns] and values of one row for each ' +
        `output, got layout [${layout.shape.join(', ')}] and values [${values.shape.join(', ')}]`,
    );
  }
  const size = (inputAxis === 1 ? columns : rows) as number;
  const dense = decompress({ values, indices }, { size, axis: inputAxis });
  weights.set(dense, value);
  return dense;
}

function isCompressedWeight(value: object): value is CompressedWeight {
  return 'values' in value && 'indices' in value && 'layout' in value;
}
