import { ArgumentError, type NDArray, nn, np, random } from '@forback/core';
import { checkName } from '../check';
import { type Graph, indexArray, undirectedGraph } from './graph';
import type { GraphLayer } from './graph-layers';
import type { GraphMethod, Part } from './graph-method';
import { checkFeatures } from './node-task';
import type { Features } from './sparse-matrix';

/** Pairs of nodes: edges, and pairs without an edge. */
export interface LinkPairs {
  /** [sources, targets]. */
  positive: readonly [Int32Array, Int32Array];
  negative: readonly [Int32Array, Int32Array];
}

/** Edges to be predicted from the others. */
export interface LinkTask {
  /** The edges that may be seen. */
  graph: Graph;
  /** [nodes, features], dense or sparse. */
  features: Features;
  train: LinkPairs;
  validation: LinkPairs;
  test: LinkPairs;
}

/**
 * Hides a share of the edges for validation and test, each with as many pairs that have no edge; the rest are the graph and
 * the training pairs.
 *
 * @param shares - default 0.1 each (our choice).
 */
export function splitLinks(
  key: random.Key,
  graph: Graph,
  features: Features,
  shares: { validation?: number; test?: number } = {},
): LinkTask {
  const { validation = 0.1, test = 0.1 } = shares;
  const [orderKey, negativeKey] = random.split(key);
  const once = [...graph.sources.keys()].filter((e) => (graph.sources[e] as number) < (graph.targets[e] as number));
  const sizes = [Math.round(validation * once.length), Math.round(test * once.length)] as const;
  const kept = once.length - sizes[0] - sizes[1];
  if (!(sizes[0] > 0 && sizes[1] > 0 && kept > 0)) {
    throw new ArgumentError(
      `splitLinks: expected shares of at least one edge each that leave edges to train on, got ${validation} and ${test} of ` +
        `${once.length} edges`,
    );
  }
  const order = Array.from(random.permutation(orderKey, once.length).dataSync(), (i) => once[i] as number);
  const negatives = pairsWithoutEdge(negativeKey, graph, once.length);
  const part = (from: number, to: number): LinkPairs => {
    const edges = order.slice(from, to);
    return {
      positive: [
        Int32Array.from(edges, (e) => graph.sources[e] as number),
        Int32Array.from(edges, (e) => graph.targets[e] as number),
      ],
      negative: [negatives[0].slice(from, to), negatives[1].slice(from, to)],
    };
  };
  const train = part(0, kept);
  return {
    graph: undirectedGraph(graph.nodes, ...train.positive),
    features,
    train,
    validation: part(kept, kept + sizes[0]),
    test: part(kept + sizes[0], once.length),
  };
}

/** Different pairs of nodes without an edge. */
function pairsWithoutEdge(
  key: random.Key,
  { nodes, sources, targets }: Graph,
  count: number,
): [Int32Array, Int32Array] {
  // Not `sources.map`, which would squeeze the products into 32 bits.
  const taken = new Set(Array.from(sources, (s, e) => s * nodes + (targets[e] as number)));
  const free = (nodes * (nodes - 1) - sources.length) / 2;
  if (free < count) {
    throw new ArgumentError(`splitLinks: ${nodes} nodes have only ${free} pairs without an edge, too few for ${count}`);
  }
  const found: [number[], number[]] = [[], []];
  for (let round = 0; found[0].length < count; round++) {
    const draws = random.randint(random.foldIn(key, round), { shape: [count, 2], minval: 0, maxval: nodes }).dataSync();
    for (let i = 0; i < count && found[0].length < count; i++) {
      const [a, b] = [draws[2 * i] as number, draws[2 * i + 1] as number];
      const pair = Math.min(a, b) * nodes + Math.max(a, b);
      if (a === b || taken.has(pair)) continue;
      taken.add(pair);
      found[0].push(a);
      found[1].push(b);
    }
  }
  return [Int32Array.from(found[0]), Int32Array.from(found[1])];
}

/** Settings of `linkPrediction`. */
export interface LinkOptions {
  /** From the features up. */
  layers: readonly GraphLayer[];
  /**
   * 'crossEntropy': binary cross-entropy on h_u · h_v (FL-CE). 'goodness': Forward-Forward on the squares of h_u ∘ h_v against
   * the threshold. Default: 'crossEntropy'.
   */
  objective?: 'crossEntropy' | 'goodness';
  /** θ of 'goodness'. Default: 2. */
  threshold?: number;
}

/**
 * Every layer learns by itself which pairs of nodes are linked; the prediction is the mean over layers (Park et al. 2024,
 * section 3.4). Quality is the area under the ROC curve.
 */
export function linkPrediction(options: LinkOptions): GraphMethod<LinkTask> {
  const { layers, objective = 'crossEntropy', threshold = 2 } = options;
  if (layers.length === 0) throw new ArgumentError('linkPrediction: expected at least one layer, got none');
  checkName('linkPrediction', 'objective', objective, ['crossEntropy', 'goodness']);
  const logits = (output: NDArray, [sources, targets]: readonly [Int32Array, Int32Array]) => {
    const product = np.take(output, indexArray(sources)).mul(np.take(output, indexArray(targets)));
    return objective === 'crossEntropy' ? product.sum(1) : np.square(product).sum(1).sub(threshold);
  };
  return {
    name: 'linkPrediction',
    layers,
    // A sum of products of ReLUs could not say no.
    activation: objective === 'crossEntropy' ? (x) => x : nn.relu,
    check: checkLinkTask,
    trainingViews: ({ graph, features }) => [{ graph, features }],
    evaluationViews: () => null,
    loss: ([output], { train }) =>
      nn
        .softplus(logits(output as NDArray, train.positive).neg())
        .mean()
        .add(nn.softplus(logits(output as NDArray, train.negative)).mean())
        .div(2),
    scores: ([output], task, part: Part) =>
      nn.sigmoid(
        np.concatenate([
          logits(output as NDArray, task[part].positive),
          logits(output as NDArray, task[part].negative),
        ]),
      ),
    quality: (scores, task, part) => areaUnderCurve(scores.dataSync(), task[part].positive[0].length),
  };
}

/** Refuses pairs that do not exist, edges to predict that can be seen, and parts without pairs of both kinds. */
function checkLinkTask({ graph, features, ...parts }: LinkTask): void {
  const where = 'linkPrediction';
  checkFeatures(where, graph, features);
  const pairOf = (a: number, b: number) => Math.min(a, b) * graph.nodes + Math.max(a, b);
  const seen = new Set(Array.from(graph.sources, (a, e) => pairOf(a, graph.targets[e] as number)));
  const owner = new Map<number, string>();
  for (const part of ['train', 'validation', 'test'] as const) {
    for (const kind of ['positive', 'negative'] as const) {
      const name = `${part}.${kind}`;
      const [sources, targets] = parts[part][kind];
      if (sources.length !== targets.length || sources.length === 0) {
        throw new ArgumentError(
          `${where}: expected as many sources as targets in ${name}, at least one, got ${sources.length} and ${targets.length}`,
        );
      }
      sources.forEach((a, e) => {
        const b = targets[e] as number;
        if (Math.min(a, b) < 0 || Math.max(a, b) >= graph.nodes) {
          throw new ArgumentError(`${where}: expected nodes of ${name} from 0 to ${graph.nodes - 1}, got (${a}, ${b})`);
        }
        const pair = pairOf(a, b);
        const before = owner.get(pair);
        if (before !== undefined && before !== name) {
          throw new ArgumentError(`${where}: (${a}, ${b}) is in ${before} and in ${name}; parts must not overlap`);
        }
        if (part !== 'train' && kind === 'positive' && seen.has(pair)) {
          throw new ArgumentError(
            `${where}: the edge (${a}, ${b}) of ${name} is in the graph; hide it: see splitLinks`,
          );
        }
        owner.set(pair, name);
      });
    }
  }
}

/**
 * Area under the ROC curve: the probability that a positive scores above a negative, ties counting half.
 *
 * @param scores - of the positives first, then of the negatives. @param positives - how many there are.
 */
export function areaUnderCurve(scores: ArrayLike<number>, positives: number): number {
  const order = Array.from({ length: scores.length }, (_, i) => i).sort(
    (a, b) => (scores[a] as number) - (scores[b] as number),
  );
  let rankSum = 0;
  for (let i = 0; i < order.length; ) {
    let end = i;
    while (end < order.length && scores[order[end] as number] === scores[order[i] as number]) end++;
    for (let j = i; j < end; j++) if ((order[j] as number) < positives) rankSum += (i + end + 1) / 2;
    i = end;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (scores.length - positives));
}
