import { ArgumentError, array, DTypeError, type NDArray, np, random } from '@forback/core';
import { checkLabels } from '../check';
import { extendGraph, type Graph, indexArray } from './graph';
import { appendColumns, appendRows, type Features, isSparse, rowCount } from './sparse-matrix';

/** Nodes to be classified, some with known labels. */
export interface NodeTask {
  graph: Graph;
  /** [nodes, features], dense or sparse. */
  features: Features;
  /** Columns of the features; needed for sparse ones. */
  featureCount?: number;
  /**
   * int32 [nodes], from 0 to K − 1. Only those of `train`, and for the final test of `validation`, are ever used to predict:
   * give nodes with an unknown label any.
   */
  labels: NDArray;
  /** Indices of nodes to learn from, and to choose the best epoch by: at least one each to train, none in common. */
  train: ArrayLike<number>;
  validation: ArrayLike<number>;
  /** Nodes to predict. Default: all others. */
  test?: ArrayLike<number>;
}

/** A graph and what its nodes carry: what a layer is applied to. */
export interface View {
  graph: Graph;
  features: Features;
}

/** Columns of a task's features. */
export function featureCount({ features, featureCount: given }: Pick<NodeTask, 'features' | 'featureCount'>): number {
  const known = isSparse(features) ? given : features.shape[1];
  if (known !== undefined) return known;
  throw new ArgumentError('graph task: sparse features do not say how many columns there are; give featureCount');
}

/** Refuses features that are not finite numbers for every node. */
export function checkFeatures(where: string, { nodes }: Graph, features: Features): void {
  if (rowCount(features) !== nodes || (!isSparse(features) && features.ndim !== 2)) {
    const given = isSparse(features)
      ? `a sparse matrix of ${rowCount(features)} rows`
      : `[${features.shape.join(', ')}]`;
    throw new ArgumentError(`${where}: expected features [${nodes}, ...] of the ${nodes} nodes, got ${given}`);
  }
  const bad = (isSparse(features) ? features.values : features).dataSync().find((v) => !Number.isFinite(v));
  if (bad !== undefined) throw new ArgumentError(`${where}: features must be finite, got ${bad}`);
}

/** Refuses a task whose parts do not fit; with `training`, also one without nodes to learn from or to choose by. */
export function checkNodeTask(where: string, classes: number, task: NodeTask, training: boolean): void {
  const { graph, features, labels } = task;
  checkFeatures(where, graph, features);
  if (labels.dtype !== 'int32' || labels.ndim !== 1 || labels.size !== graph.nodes) {
    throw new DTypeError(
      `${where}: expected labels to be int32[${graph.nodes}], got ${labels.dtype}[${labels.shape.join(', ')}]`,
    );
  }
  checkLabels(where, classes, labels);
  const owner = new Map<number, string>();
  for (const name of ['train', 'validation', 'test'] as const) {
    for (const node of Array.from(task[name] ?? [])) {
      const before = owner.get(node);
      if (before !== undefined) {
        throw new ArgumentError(`${where}: node ${node} is in ${before} and in ${name}; splits must not overlap`);
      }
      if (!Number.isInteger(node) || node < 0 || node >= graph.nodes) {
        throw new ArgumentError(`${where}: expected nodes of ${name} from 0 to ${graph.nodes - 1}, got ${node}`);
      }
      owner.set(node, name);
    }
  }
  if (!training) return;
  if (task.train.length === 0) throw new ArgumentError(`${where}: expected nodes to train on, got none`);
  if (task.validation.length === 0) {
    throw new ArgumentError(`${where}: expected nodes in validation, to choose the best epoch by, got none`);
  }
}

/** The nodes to predict. */
export function testNodes({ graph, train, validation, test }: NodeTask): number[] {
  if (test) return Array.from(test);
  const taken = new Set([...Array.from(train), ...Array.from(validation)]);
  return Array.from({ length: graph.nodes }, (_, v) => v).filter((v) => !taken.has(v));
}

/** A label for each node, −1 where none is given. */
export type Assignment = Int32Array;

/** The true labels of the given nodes, each moved on by so many classes; −1 elsewhere. */
export function assign(
  task: NodeTask,
  classes: number,
  nodes: ArrayLike<number>,
  shift: (node: number) => number = () => 0,
): Assignment {
  const labels = task.labels.dataSync();
  const result = new Int32Array(task.graph.nodes).fill(-1);
  for (const node of Array.from(nodes)) result[node] = ((labels[node] as number) + shift(node)) % classes;
  return result;
}

/** One-hot labels as rows; 1/K everywhere where none is given. */
export function labelRows(assignment: Assignment, classes: number): NDArray {
  const rows = Array.from(assignment, (label) =>
    Array.from({ length: classes }, (_, k) => (label < 0 ? 1 / classes : Number(label === k))),
  );
  return array(rows);
}

/** The task with labels as further features. */
export function withLabelFeatures(task: NodeTask, classes: number, assignment: Assignment): View {
  return {
    graph: task.graph,
    features: appendColumns(task.features, featureCount(task), labelRows(assignment, classes)),
  };
}

/**
 * The task with a virtual node for each class below the others, wired to the nodes that the assignment gives the class; their
 * features are N(0, 1), the same for the same key.
 */
export function withClassNodes(task: NodeTask, classes: number, assignment: Assignment, key: random.Key): View {
  const { nodes } = task.graph;
  const labelled = [...assignment.keys()].filter((v) => (assignment[v] as number) >= 0);
  return {
    graph: extendGraph(task.graph, {
      nodes: classes,
      sources: labelled,
      targets: labelled.map((v) => nodes + (assignment[v] as number)),
    }),
    features: appendRows(task.features, random.normal(key, { shape: [classes, featureCount(task)] })),
  };
}

/** Share of the given nodes whose highest score is that of their label. */
export function scoreAccuracy(scores: NDArray, task: NodeTask, nodes: ArrayLike<number>): number {
  if (nodes.length === 0) return Number.NaN;
  const index = indexArray(nodes);
  const right = np.equal(np.argmax(np.take(scores, index), 1), np.take(task.labels, index));
  return right.sum().item() / nodes.length;
}
