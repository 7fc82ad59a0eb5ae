import { ArgumentError, type NDArray, nn, np, random, stopGradient } from '@forback/core';
import { type Graph, loopedAdjacency, meanAdjacency, symmetricAdjacency } from './graph';
import { sparseMatmul } from './sparse-matmul';
import { entryRows, type Features, isSparse, type SparseMatrix } from './sparse-matrix';

/** A layer on a graph, from node features to pre-activations. Everything but settings is a tree of arrays. */
export interface GraphLayer<Params = unknown, Connections = unknown, Prepared = unknown> {
  /** Features of the output. */
  readonly units: number;
  init(key: random.Key): Params;
  /** What the layer needs to know of a graph. */
  connect(graph: Graph): Connections;
  /** What does not depend on parameters: computed once while the input stays the same. */
  prepare(connections: Connections, input: Features): Prepared;
  /** Pre-activations [nodes, units]. */
  apply(params: Params, prepared: Prepared): NDArray;
}

/** Features of the input and of the output. */
export interface GraphLayerOptions {
  /** Features of each node. */
  in: number;
  /** Units. */
  out: number;
}

type Dense = { weight: NDArray; bias: NDArray };

function initDense(key: random.Key, inputs: number, units: number): Dense {
  return { weight: nn.initializers.glorotUniform(key, [inputs, units]), bias: np.zeros([units]) };
}

function multiply(features: Features, weight: NDArray): NDArray {
  return isSparse(features) ? sparseMatmul(features, weight) : features.matmul(weight);
}

type ConvolutionInput = { aggregated: NDArray } | { adjacency: SparseMatrix; input: SparseMatrix };

/**
 * Â X W + b with Â = D^−½ (A + I) D^−½ (GCN, Kipf and Welling 2017). For dense features Â X is computed once and each epoch
 * is one dense product; for sparse ones X W comes first, since Â X would be nearly dense.
 */
export function graphConvolution(options: GraphLayerOptions): GraphLayer<Dense, SparseMatrix, ConvolutionInput> {
  return {
    units: options.out,
    init: (key) => initDense(key, options.in, options.out),
    connect: symmetricAdjacency,
    prepare: (adjacency, input) =>
      isSparse(input) ? { adjacency, input } : { aggregated: sparseMatmul(adjacency, input) },
    apply({ weight, bias }, prepared) {
      const product =
        'aggregated' in prepared
          ? prepared.aggregated.matmul(weight)
          : sparseMatmul(prepared.adjacency, sparseMatmul(prepared.input, weight));
      return product.add(bias);
    },
  };
}

type SageParams = { own: Dense; neighbours: NDArray };
type SageInput = { input: Features } & ({ aggregated: NDArray } | { adjacency: SparseMatrix });

/** X W₁ + D^−1 A X W₂ + b: a node itself and the mean of its neighbours (GraphSAGE, Hamilton et al. 2017). */
export function sageMean(options: GraphLayerOptions): GraphLayer<SageParams, SparseMatrix, SageInput> {
  return {
    units: options.out,
    init(key) {
      const [own, neighbours] = random.split(key);
      return {
        own: initDense(own, options.in, options.out),
        neighbours: initDense(neighbours, options.in, options.out).weight,
      };
    },
    connect: meanAdjacency,
    prepare: (adjacency, input) =>
      isSparse(input) ? { input, adjacency } : { input, aggregated: sparseMatmul(adjacency, input) },
    apply({ own, neighbours }, prepared) {
      const around =
        'aggregated' in prepared
          ? prepared.aggregated.matmul(neighbours)
          : sparseMatmul(prepared.adjacency, multiply(prepared.input, neighbours));
      return multiply(prepared.input, own.weight).add(own.bias).add(around);
    },
  };
}

type AttentionParams = { weight: NDArray; source: NDArray; target: NDArray; bias: NDArray };
type AttentionInput = { input: Features; pattern: SparseMatrix; targets: NDArray };

/**
 * Attention over the neighbours and the node itself: weights softmax_j(LeakyReLU(s · h_j + t · h_i)), heads side by side
 * (GAT, Veličković et al. 2018).
 *
 * @param options.heads - a divisor of `out`; default 4 (Park et al. 2024).
 */
export function graphAttention(
  options: GraphLayerOptions & { heads?: number },
): GraphLayer<AttentionParams, { pattern: SparseMatrix; targets: NDArray }, AttentionInput> {
  const { heads = 4, out } = options;
  if (!Number.isInteger(heads) || heads < 1 || out % heads !== 0) {
    throw new ArgumentError(`graphAttention: expected heads to divide out ${out}, got ${heads}`);
  }
  const width = out / heads;
  return {
    units: out,
    init(key) {
      const [weightKey, sourceKey, targetKey] = random.split(key, 3);
      const scores = (k: random.Key) => nn.initializers.glorotUniform(k, [heads, width]);
      return {
        weight: initDense(weightKey, options.in, out).weight,
        source: scores(sourceKey),
        target: scores(targetKey),
        bias: np.zeros([out]),
      };
    },
    connect(graph) {
      const pattern = loopedAdjacency(graph);
      return { pattern, targets: entryRows(pattern) };
    },
    prepare: (connections, input) => ({ input, ...connections }),
    apply({ weight, source, target, bias }, { input, pattern, targets }) {
      const hidden = multiply(input, weight);
      const parts = Array.from({ length: heads }, (_, head) => {
        const own = hidden.slice(null, [head * width, (head + 1) * width]);
        const [s, t] = [own.matmul(source.at(head)), own.matmul(target.at(head))];
        const scores = nn.leakyRelu(np.take(s, pattern.columns).add(np.take(t, targets)), 0.2);
        // LeakyReLU is monotone, so this bounds every score of the target; softmax does not change.
        const bound = stopGradient(nn.leakyRelu(s.max().add(t), 0.2));
        const values = np.exp(scores.sub(np.take(bound, targets)));
        const shares = { ...pattern, values };
        const total = sparseMatmul(shares, np.onesLike(s).reshape([-1, 1]));
        return sparseMatmul(shares, own).div(total.add(1e-30));
      });
      return np.concatenate(parts, 1).add(bias);
    },
  };
}
