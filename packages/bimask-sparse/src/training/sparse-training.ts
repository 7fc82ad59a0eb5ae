import { ArgumentError, array, jit, type NDArray, np, TreeError, tree, valueAndGrad } from '@forback/core';
import { type PatternLike, parsePattern } from '../masks/parse-pattern';
import type { Pattern } from '../pattern';
import { type FoundLayer, findLayers, type Scope, type SparseLayer } from './find-layers';
import { type ConvolutionGroups, toMatrix } from './layer-matrix';
import { backwardMaskOf, effectiveWeight, forwardMaskOf, type Products, sparseProduct } from './layer-products';
import type { LayerSparsity, LayerState, SparseMethod } from './method';
import type { ParameterProduct } from './parameter-products';
import { type AnyFunction, withProducts } from './replace-products';

/** The masks of a model between steps: a tree of arrays, to be saved with the parameters. */
export interface Sparsity {
  /** int32 scalar: how often `refresh` was called. */
  readonly step: NDArray;
  /** bool scalar: `refresh` changes nothing any more. */
  readonly frozen: NDArray;
  /** One entry for each sparse layer, by the path of its parameter. */
  readonly layers: { readonly [path: string]: LayerState };
}

/** Settings of `sparseTraining`. */
export interface SparseTrainingOptions<Args extends unknown[]> {
  /** N of M, such as `'1:8'`. N = M leaves a layer dense. */
  pattern: PatternLike;
  /** How masks are chosen: `biMask(key)`, `srSte()`, `transposable()`, `oneShot()`, `sSte()`. */
  method: SparseMethod;
  /** Arguments of the loss, parameters first; only their structure, shapes and dtypes count. */
  example: Args;
  /** Which layers are sparse. Default: 'inner', all but the first and the last. */
  scope?: Scope;
  /**
   * What lies in one group of a convolution's weights: 'kernel' runs over channels and taps as they lie, as the code of
   * Bi-Mask does; 'channels' over channels first, so that M channels at one tap make a group, as ASP and SR-STE's NHWC
   * variant have it. Default: 'kernel'.
   */
  convolutionGroups?: ConvolutionGroups;
  /**
   * 'compressed' runs dense layers with sparse kernels; 'masked' multiplies dense matrices with zeros in them, to compare.
   * Convolutions, and products of parameters of more than two axes, are masked in either case. Default: 'compressed'.
   */
  products?: Products;
  /** The loss returns `[loss, aux]`. Default: false. */
  hasAux?: boolean;
}

/** The value of a loss, with what it returned beside it if it does. */
export type LossValue<R> = R extends readonly [NDArray | number, infer Aux] ? [loss: NDArray, aux: Aux] : NDArray;

/** Entries that a layer's masks keep. */
export interface KeptEntries {
  /** Of F. */
  readonly forward: number;
  /** Of B. */
  readonly backward: number;
  /** κ: the share of F that B keeps. */
  readonly share: number;
}

/** Sparse training of one model, by `sparseTraining`. */
export interface SparseTraining<Args extends unknown[], R> {
  /** All products of parameters in the order in which they run, with the pattern of each. */
  readonly layers: readonly SparseLayer[];
  /** The first masks. */
  init(params: Args[0]): Sparsity;
  /**
   * The masks for the next step, from the weights as they are: call it before every step, outside `jit`. New ones are made
   * where the method's schedule says so.
   */
  refresh(params: Args[0], sparsity: Sparsity): Sparsity;
  /**
   * Value of the loss of the sparse model, and the gradient that the method gives the dense weights. Can be compiled.
   *
   * @returns a function with the arguments of the loss.
   */
  valueAndGrad(sparsity: Sparsity): (...args: Args) => [value: LossValue<R>, gradient: Args[0]];
  /** The parameters as the sparse model uses them: W ⊙ F (or β S(W)) in the place of W. */
  prune(params: Args[0], sparsity: Sparsity): Args[0];
  /** F and B as bool arrays of the shape of each sparse parameter, by its path. */
  masks(sparsity: Sparsity): { [path: string]: { forward: NDArray; backward: NDArray } };
  /** How many entries the masks keep, by path. */
  kept(sparsity: Sparsity): { [path: string]: KeptEntries };
}

type MaskedLayer = FoundLayer & { readonly pattern: Pattern };

/**
 * Trains a model with N:M sparse weights: the user's own loss, with other products of its parameters. Dense weights stay
 * what the optimiser sees; forward and input gradient use what the masks keep.
 *
 * The loss must not look at values in its control flow, as under `jit`. Its parameters are its first argument.
 *
 * @throws ArgumentError for unusable options, and where no layer would be sparse.
 */
export function sparseTraining<Args extends unknown[], R>(
  loss: (...args: Args) => R,
  options: SparseTrainingOptions<Args>,
): SparseTraining<Args, R> {
  const name = 'sparseTraining';
  const { method, example, scope = 'inner', convolutionGroups = 'kernel', products = 'compressed' } = options;
  checkOptions(name, loss, options);
  const pattern = parsePattern(name, options.pattern);
  const found = findLayers(name, loss as AnyFunction, example, { pattern, scope, convolutionGroups });
  // N = M keeps everything, so the plain product does.
  const masked = found.filter(
    (layer): layer is MaskedLayer => layer.pattern !== null && layer.pattern.n < layer.pattern.m,
  );
  const sparsityOf = (where: string, { layers }: Sparsity, { path }: MaskedLayer): LayerState => {
    const own = layers?.[path];
    if (own) return own;
    throw new TreeError(
      `${where}: expected the sparsity to have ${path}, got ${Object.keys(layers ?? {}).join(', ') || 'nothing'}; make it with init`,
    );
  };
  const forwardMasks = masked.map((layer) =>
    jit((own: LayerSparsity) => forwardMaskOf(own, layer), { name: 'refresh' }),
  );
  const masksOf = (params: Args[0], step: number, previous: Sparsity | null): Sparsity['layers'] => {
    const leaves = tree.leaves(params);
    const entries = masked.map((layer, index): [string, LayerState] => {
      const matrix = toMatrix(leaves[layer.leaf] as NDArray, layer.matrix);
      const weight = { index, pattern: layer.pattern, matrix, inputAxis: layer.matrix.inputAxis };
      const own = method.masks(weight, previous && sparsityOf('refresh', previous, layer), step);
      const mask = method.decay > 0 || !method.straightThrough ? (forwardMasks[index]?.(own) ?? null) : null;
      return [layer.path, { ...own, mask }];
    });
    return Object.fromEntries(entries);
  };
  const sparseLoss = (sparsity: Sparsity) =>
    withProducts(name, loss as AnyFunction, (parameters) => {
      const byLeaf = new Map(masked.map((layer) => [layer.leaf, layer]));
      return (product: ParameterProduct, standard) => {
        const layer = byLeaf.get(product.leaf);
        if (!layer) return standard();
        const own = sparsityOf('valueAndGrad', sparsity, layer);
        return sparseProduct(product, parameters[layer.leaf] as NDArray, layer, own, products);
      };
    });
  const changed = (params: Args[0], change: (leaf: NDArray, layer: MaskedLayer) => NDArray, at = params): Args[0] => {
    const { leaves, treedef } = tree.flatten(at);
    const result = [...leaves];
    for (const layer of masked) result[layer.leaf] = change(leaves[layer.leaf] as NDArray, layer);
    return tree.unflatten(treedef, result);
  };

  return {
    layers: found.map(({ path, kind, shape, inputs, outputs, pattern: own }) => ({
      path,
      kind,
      shape,
      inputs,
      outputs,
      pattern: own,
    })),
    init: (params) => ({
      step: array(0, { dtype: 'int32' }),
      frozen: array(false),
      layers: masksOf(params, 0, null),
    }),
    refresh(params, sparsity) {
      if (sparsity.frozen.item()) return sparsity;
      const step = sparsity.step.item();
      // The masks of step 0 are those of `init`.
      const due = step > 0 && step % method.maskEvery === 0;
      return {
        ...sparsity,
        step: array(step + 1, { dtype: 'int32' }),
        layers: due ? masksOf(params, step, sparsity) : sparsity.layers,
      };
    },
    valueAndGrad:
      (sparsity) =>
      (...args) => {
        const run = valueAndGrad(sparseLoss(sparsity), { hasAux: options.hasAux ?? false });
        const [value, gradient] = run(...args) as [LossValue<R>, Args[0]];
        if (method.straightThrough && method.decay === 0) return [value, gradient];
        const parameters = tree.leaves(args[0]);
        const corrected = changed(
          args[0],
          (leaf, layer) => {
            const own = sparsityOf('valueAndGrad', sparsity, layer);
            // A method that needs no mask may have made the sparsity.
            const mask = own.mask ?? forwardMaskOf(own, layer);
            if (!method.straightThrough) return np.where(mask, leaf, 0);
            const weight = parameters[layer.leaf] as NDArray;
            return leaf.add(np.where(mask, 0, weight.mul(method.decay)));
          },
          gradient,
        );
        return [value, corrected];
      },
    prune: (params, sparsity) =>
      changed(params, (leaf, layer) => effectiveWeight(leaf, sparsityOf('prune', sparsity, layer), layer)),
    masks: (sparsity) =>
      Object.fromEntries(
        masked.map((layer) => {
          const own = sparsityOf('masks', sparsity, layer);
          return [layer.path, { forward: forwardMaskOf(own, layer), backward: backwardMaskOf(own, layer) }];
        }),
      ),
    kept: (sparsity) =>
      Object.fromEntries(
        masked.map((layer) => {
          const own = sparsityOf('kept', sparsity, layer);
          const lines = own.forward.shape[0] === layer.outputs ? 1 : 4;
          const forward = lines === 1 ? places(own.forward) : np.sum(forwardMaskOf(own, layer).astype('int32')).item();
          const backward = own.backward ? places(own.backward) : forward;
          return [layer.path, { forward, backward, share: backward / forward }];
        }),
      ),
  };
}

/**
 * The same masks for ever: `refresh` leaves F and B as they are. For fine-tuning.
 */
export function freeze(sparsity: Sparsity): Sparsity {
  return { ...sparsity, frozen: array(true) };
}

function places(indices: NDArray): number {
  return indices.greaterEqual(0).astype('int32').sum().item();
}

function checkOptions<Args extends unknown[]>(name: string, loss: unknown, options: SparseTrainingOptions<Args>): void {
  if (typeof loss !== 'function') throw new ArgumentError(`${name}: expected a loss function, got ${typeof loss}`);
  if (typeof options?.method?.masks !== 'function') {
    throw new ArgumentError(`${name}: expected options.method such as biMask(key), got ${typeof options?.method}`);
  }
  if (!Array.isArray(options.example) || options.example.length === 0) {
    throw new ArgumentError(
      `${name}: expected options.example to be a list of arguments of the loss, parameters first`,
    );
  }
  const { convolutionGroups = 'kernel', products = 'compressed' } = options;
  if (convolutionGroups !== 'kernel' && convolutionGroups !== 'channels') {
    throw new ArgumentError(
      `${name}: expected convolutionGroups 'kernel' or 'channels', got ${String(convolutionGroups)}`,
    );
  }
  if (products !== 'compressed' && products !== 'masked') {
    throw new ArgumentError(`${name}: expected products 'compressed' or 'masked', got ${String(products)}`);
  }
}
