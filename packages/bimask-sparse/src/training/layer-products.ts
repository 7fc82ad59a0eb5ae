import { bind, customVjp, type NDArray, np, stopGradient, type TransposeOperand, tree } from '@forback/core';
import { type Compressed, decompress, sparseMatmul, sparseMatmulTransposed, takeEntries } from '../compressed';
import { maskAt } from '../masks/forward-mask';
import { softThreshold } from '../masks/soft-threshold';
import type { Pattern } from '../pattern';
import { axesOf, type FoundLayer } from './find-layers';
import { fromMatrix, type LayerMatrix, toMatrix } from './layer-matrix';
import type { LayerSparsity } from './method';
import type { ParameterProduct } from './parameter-products';

/** How products of sparse layers run: with compressed weights where a layer is a product of two matrices, or masked. */
export type Products = 'compressed' | 'masked';

/** F as a bool array of the parameter's shape. */
export function forwardMaskOf({ forward }: LayerSparsity, { matrix }: Pick<FoundLayer, 'matrix'>): NDArray {
  const { inputs, outputs, inputAxis } = matrix;
  return fromMatrix(maskAt(forward, { lines: outputs, size: inputs, axis: inputAxis }), matrix);
}

/** B as a bool array of the parameter's shape; F where the method has no mask of its own backward. */
export function backwardMaskOf(sparsity: LayerSparsity, layer: Pick<FoundLayer, 'matrix'>): NDArray {
  const { matrix } = layer;
  if (sparsity.backward === null) return forwardMaskOf(sparsity, layer);
  const { inputs, outputs, inputAxis } = matrix;
  return fromMatrix(maskAt(sparsity.backward, { lines: inputs, size: outputs, axis: inputAxis === 1 ? 0 : 1 }), matrix);
}

/** The weights that the product takes: W ⊙ F, or β S(W). */
export function effectiveWeight(
  parameter: NDArray,
  sparsity: LayerSparsity,
  { matrix, pattern }: { readonly matrix: LayerMatrix; readonly pattern: Pattern },
): NDArray {
  if (sparsity.scale === null) return keptPart(parameter, sparsity, { matrix });
  const projected = softThreshold(toMatrix(parameter, matrix), pattern, { inputAxis: matrix.inputAxis });
  return fromMatrix(projected.mul(sparsity.scale), matrix);
}

/** W ⊙ F. */
function keptPart(parameter: NDArray, { forward }: LayerSparsity, { matrix }: Pick<FoundLayer, 'matrix'>): NDArray {
  const { inputAxis, inputs } = matrix;
  const kept = { values: entriesAt(toMatrix(parameter, matrix), forward, inputAxis === 1 ? 0 : 1), indices: forward };
  return fromMatrix(decompress(kept, { size: inputs, axis: inputAxis }), matrix);
}

/** A product of a sparse layer: other weights forward and towards the input, the straight-through gradient of the weight. */
export function sparseProduct(
  product: ParameterProduct,
  parameter: NDArray,
  layer: FoundLayer & { readonly pattern: Pattern },
  sparsity: LayerSparsity,
  products: Products,
): NDArray {
  const w = stopGradient(parameter);
  const usual = axesOf(product) === layer.axes;
  const plain = product.kind === 'dense' && usual && product.weight.ndim === 2 && layer.matrix.shape.length === 2;
  if (products === 'compressed' && plain && sparsity.scale === null) {
    return compressedProduct(product, toMatrix(w, layer.matrix), layer.matrix, sparsity);
  }
  const forward = product.rearrange(effectiveWeight(w, sparsity, layer));
  // A weight that is used in another orientation, such as a tied one, goes back as it went forward.
  if (sparsity.backward === null || !usual) return maskedProduct(product, { forward, backward: forward });
  const backward = product.rearrange(np.where(backwardMaskOf(sparsity, layer), w, 0));
  return maskedProduct(product, { forward, backward });
}

/** Dense products with masked weights: what the compressed ones compute, in any product and any axes. */
function maskedProduct(product: ParameterProduct, weights: { forward: NDArray; backward: NDArray }): NDArray {
  const { primitive, params, side } = product;
  const pair = <T>(input: T, weight: T): T[] => (side === 1 ? [input, weight] : [weight, input]);
  return straightThrough(product, weights, {
    forward: (x, { forward }) => bind(primitive, pair(x, forward), params)[0] as NDArray,
    inputGradient(g, x, { backward }) {
      const operands = pair<TransposeOperand>(linear(x), backward);
      return primitive.transpose([g], operands, params)[1 - side] as NDArray;
    },
  });
}

/** x (W ⊙ F)ᵀ and G (W ⊙ B) with compressed weights. */
function compressedProduct(
  product: ParameterProduct,
  matrix: NDArray,
  { inputAxis, inputs }: LayerMatrix,
  sparsity: LayerSparsity,
): NDArray {
  const at = (indices: NDArray, lineAxis: 0 | 1): Compressed => ({
    values: entriesAt(matrix, indices, lineAxis),
    indices,
  });
  const compressed = {
    forward: at(sparsity.forward, inputAxis === 1 ? 0 : 1),
    backward: sparsity.backward && at(sparsity.backward, inputAxis),
  };
  const { contract } = product.params as { contract: readonly (readonly number[])[] };
  const inputPlace = contract[1 - product.side]?.[0] as number;
  const outputPlace = product.side === 1 ? -1 : 0;
  return straightThrough(product, compressed, {
    forward: (x, { forward }) => np.moveaxis(sparseMatmul(np.moveaxis(x, inputPlace, -1), forward), -1, outputPlace),
    inputGradient(g, _x, { forward, backward }) {
      const rows = np.moveaxis(g, outputPlace, -1);
      const sent = backward ? sparseMatmul(rows, backward) : sparseMatmulTransposed(rows, forward, inputs);
      return np.moveaxis(sent, -1, inputPlace);
    },
  });
}

/** Entries of a matrix at places of a compressed one whose lines are its rows (`lineAxis` 0) or its columns (1). */
function entriesAt(matrix: NDArray, indices: NDArray, lineAxis: 0 | 1): NDArray {
  return takeEntries(lineAxis === 0 ? matrix : matrix.transpose(), indices);
}

interface Rules<W> {
  forward(x: NDArray, weights: W): NDArray;
  inputGradient(g: NDArray, x: NDArray, weights: W): NDArray;
}

/** Forward and input gradient by rules; the weight gets the gradient of the plain product. */
function straightThrough<W>(product: ParameterProduct, weights: W, { forward, inputGradient }: Rules<W>): NDArray {
  const { primitive, params, side } = product;
  const rule = customVjp((x: NDArray, _w: NDArray, own: W) => forward(x, own), {
    forward: (x: NDArray, w: NDArray, own: W) => [forward(x, own), { x, w, own }],
    backward({ x, w, own }, g: NDArray): [NDArray, NDArray, W] {
      const operands: TransposeOperand[] = side === 1 ? [x, linear(w)] : [linear(w), x];
      const dw = primitive.transpose([g], operands, params)[side] as NDArray;
      return [inputGradient(g, x, own), dw, tree.map((leaf) => np.zerosLike(leaf), own)];
    },
  });
  return rule(product.input, product.weight, weights);
}

function linear({ shape, dtype }: NDArray): TransposeOperand {
  return { linear: true, shape, dtype };
}
