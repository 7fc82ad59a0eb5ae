import { ArgumentError, DTypeError, makeProgram, tree } from '@forback/core';
import { type PatternLike, parsePattern } from '../masks/parse-pattern';
import type { Pattern } from '../pattern';
import { type ConvolutionGroups, type LayerMatrix, layerMatrix } from './layer-matrix';
import type { ParameterProduct } from './parameter-products';
import { type AnyFunction, withProducts } from './replace-products';

/** A parameter that meets products (dense layers, einsums, convolutions), and what becomes of it. */
export interface SparseLayer {
  /** Where it stands in the tree of parameters, such as `[0].weight`. */
  readonly path: string;
  readonly kind: 'dense' | 'conv' | 'convTranspose';
  readonly shape: readonly number[];
  /** Size of what each output is summed over: groups of M lie along it. */
  readonly inputs: number;
  readonly outputs: number;
  /** Null: stays dense. */
  readonly pattern: Pattern | null;
}

/**
 * Which layers are sparse: 'inner' all but the first and the last, 'all-but-last', 'all', or a function of the layer that
 * gives its pattern, true for the common pattern, false or null for a dense one.
 */
export type Scope = 'inner' | 'all-but-last' | 'all' | ((layer: SparseLayer) => PatternLike | boolean | null);

/** What training knows of a layer. */
export interface FoundLayer extends SparseLayer {
  readonly leaf: number;
  readonly matrix: LayerMatrix;
  /** The products of the first use; later uses with other axes take the mask as it is. */
  readonly axes: string;
}

export interface ScopeOptions {
  readonly pattern: Pattern;
  readonly scope: Scope;
  readonly convolutionGroups: ConvolutionGroups;
}

/** The axes of a product, as text to compare. */
export function axesOf({ kind, inputAxes, outputAxes }: ParameterProduct): string {
  return `${kind} ${inputAxes.join()} ${outputAxes.join()}`;
}

/** Finds the products of parameters in the order in which they run, with the shapes of an example. */
export function findLayers(
  name: string,
  f: AnyFunction,
  example: readonly unknown[],
  { pattern, scope, convolutionGroups }: ScopeOptions,
): FoundLayer[] {
  const parameters = tree.paths(example[0]);
  const found = new Map<number, FoundLayer>();
  const recorded = withProducts(name, f, () => (product, standard) => {
    const { leaf, kind } = product;
    if (!found.has(leaf)) {
      const { path, leaf: parameter } = parameters[leaf] as (typeof parameters)[number];
      const matrix = layerMatrix(product, parameter.shape, convolutionGroups);
      const { inputs, outputs } = matrix;
      const { shape } = parameter;
      found.set(leaf, { path, kind, shape, inputs, outputs, pattern, leaf, matrix, axes: axesOf(product) });
    }
    return standard();
  });
  makeProgram(recorded as (...args: unknown[]) => unknown, ...example);
  const layers = [...found.values()];
  if (layers.length === 0) {
    throw new ArgumentError(
      `${name}: no parameter meets a product (matmul, einsum, dense, conv) with something that is not a parameter. ` +
        'The parameters must be the first argument of the loss',
    );
  }
  const chosen = layers.map((layer, i) => ({
    ...layer,
    pattern: patternOf(name, layer, i, layers.length, pattern, scope),
  }));
  if (chosen.every((layer) => layer.pattern === null)) {
    throw new ArgumentError(
      `${name}: no layer is sparse, of ${layers.map((layer) => layer.path).join(', ')}; choose another scope than ${
        typeof scope === 'function' ? 'this function' : `'${scope}'`
      }`,
    );
  }
  for (const { pattern: own, leaf, path } of chosen) {
    const dtype = parameters[leaf]?.leaf.dtype;
    if (own && dtype !== 'float32' && dtype !== 'float64') {
      throw new DTypeError(`${name}: expected ${path} to be float32 or float64, got ${dtype}`);
    }
  }
  return chosen;
}

function patternOf(
  name: string,
  layer: SparseLayer,
  index: number,
  count: number,
  common: Pattern,
  scope: Scope,
): Pattern | null {
  if (typeof scope === 'function') {
    const own = scope(layer);
    if (own === false || own === null) return null;
    return own === true ? common : parsePattern(`${name}: the scope for ${layer.path}`, own);
  }
  const last = index === count - 1;
  if (scope === 'all') return common;
  if (scope === 'all-but-last') return last ? null : common;
  if (scope === 'inner') return last || index === 0 ? null : common;
  throw new ArgumentError(
    `${name}: expected scope to be 'inner', 'all-but-last', 'all' or a function of the layer, got ${String(scope)}`,
  );
}
