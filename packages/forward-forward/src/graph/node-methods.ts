import { ArgumentError, type NDArray, nn, np, random } from '@forback/core';
import { checkClasses, checkWhole } from '../check';
import { indexArray } from './graph';
import type { GraphLayer } from './graph-layers';
import type { GraphMethod, Part } from './graph-method';
import {
  type Assignment,
  assign,
  checkNodeTask,
  type NodeTask,
  scoreAccuracy,
  testNodes,
  type View,
  withClassNodes,
  withLabelFeatures,
} from './node-task';

/** Settings that the methods for node labels share. */
export interface NodeMethodOptions {
  /** From the features up. */
  layers: readonly GraphLayer[];
  /** Number of classes, 2 or more. */
  classes: number;
}

function nodeMethod(name: string, { layers, classes }: NodeMethodOptions) {
  checkClasses(name, classes);
  if (layers.length === 0) throw new ArgumentError(`${name}: expected at least one layer, got none`);
  return {
    name,
    layers,
    activation: nn.relu,
    check: (task: NodeTask, training: boolean) => checkNodeTask(name, classes, task, training),
    quality: (scores: NDArray, task: NodeTask, part: Part) =>
      scoreAccuracy(scores, task, part === 'validation' ? task.validation : testNodes(task)),
  };
}

/** h_i · c_k: outputs of the nodes times those of the class nodes below them [nodes, classes]. */
export function classProducts(output: NDArray, classes: number): NDArray {
  const nodes = (output.shape[0] as number) - classes;
  return output.slice([0, nodes]).matmul(output.slice([nodes, null]).transpose());
}

/** Cross-entropy of softmax_k(h_i · c_k) over the training nodes, with the gradient through both factors. */
export function classProductLoss(output: NDArray, task: NodeTask, classes: number): NDArray {
  const train = indexArray(task.train);
  const logits = np.take(classProducts(output, classes), train);
  return nn.losses.softmaxCrossEntropy(logits, np.take(task.labels, train)).mean();
}

/**
 * SF, single forward: a virtual node for each class, wired to its training nodes; nodes are pulled towards the node of their
 * class, without negatives. A label is the highest Σ_l softmax_k(h_i · c_k) (Park et al. 2024, section 3.3).
 */
export function singleForward(options: NodeMethodOptions): GraphMethod<NodeTask> {
  const { classes } = options;
  return {
    ...nodeMethod('singleForward', options),
    trainingViews: (task, key) => [withClassNodes(task, classes, assign(task, classes, task.train), key)],
    evaluationViews: () => null,
    loss: ([output], task) => classProductLoss(output as NDArray, task, classes),
    scores: ([output]) => nn.softmax(classProducts(output as NDArray, classes)),
  };
}

/** Settings of the methods that put a label into the graph and compare right with wrong ones. */
export interface LabelledGraphOptions extends NodeMethodOptions {
  /** θ on Σ h² of a node. Default: 2 (Park et al. 2024). */
  threshold?: number;
  /** At most so many wrong labels for each node. Default: 100. */
  negatives?: number;
}

/**
 * FF-LA: Forward-Forward with the label among the features of the labelled nodes, 1/K on the others; negatives are all wrong
 * labels. K passes to predict. The first layer takes `featureCount + classes` features (Park et al. 2024, section 3.2).
 */
export function labelAppending(options: LabelledGraphOptions): GraphMethod<NodeTask> {
  const { classes } = options;
  return labelledMethod('labelAppending', options, (task, assignment) => withLabelFeatures(task, classes, assignment));
}

/**
 * FF-VN: Forward-Forward with the label as an edge to a virtual node of the class; negatives are wired to the wrong ones. K
 * passes to predict (Park et al. 2024, section 3.2).
 */
export function virtualLabelNodes(options: LabelledGraphOptions): GraphMethod<NodeTask> {
  const { classes } = options;
  return labelledMethod('virtualLabelNodes', options, (task, assignment, key) =>
    withClassNodes(task, classes, assignment, key),
  );
}

function labelledMethod(
  name: string,
  options: LabelledGraphOptions,
  view: (task: NodeTask, assignment: Assignment, key: NDArray) => View,
): GraphMethod<NodeTask> {
  const { classes, threshold = 2, negatives = 100 } = options;
  checkWhole(name, 'negatives', negatives, 1);
  const shifts = Array.from({ length: Math.min(classes - 1, negatives) }, (_, i) => i + 1);
  return {
    ...nodeMethod(name, options),
    trainingViews(task, key) {
      // Each node meets the wrong labels in an order of its own, so that neighbours are not wrong in the same way.
      const start = random.randint(random.foldIn(key, 1), {
        shape: [task.graph.nodes],
        minval: 0,
        maxval: classes - 1,
      });
      const starts = start.dataSync();
      const wrong = (shift: number) => (node: number) => 1 + ((shift - 1 + (starts[node] as number)) % (classes - 1));
      const assignments = [() => 0, ...shifts.map(wrong)].map((shift) => assign(task, classes, task.train, shift));
      return assignments.map((assignment) => view(task, assignment, key));
    },
    evaluationViews(task, key, part) {
      const known = part === 'validation' ? task.train : [...Array.from(task.train), ...Array.from(task.validation)];
      const candidates = part === 'validation' ? Array.from(task.validation) : testNodes(task);
      return Array.from({ length: classes }, (_, label) => {
        const assignment = assign(task, classes, known);
        for (const node of candidates) assignment[node] = label;
        return view(task, assignment, key);
      });
    },
    loss(outputs, task) {
      const train = indexArray(task.train);
      const [positive, ...wrong] = outputs.map((h) => np.square(np.take(h, train)).sum(1).sub(threshold));
      const negative = wrong.map((g) => nn.softplus(g).mean()).reduce((a, b) => a.add(b));
      return nn
        .softplus((positive as NDArray).neg())
        .mean()
        .add(negative.div(wrong.length));
    },
    scores: (outputs, task) =>
      np.stack(
        outputs.map((h) =>
          np
            .square(h.slice([0, task.graph.nodes]))
            .mean(1)
            .sub(threshold),
        ),
        1,
      ),
  };
}

/**
 * The baseline: the same layers end to end with cross-entropy on the last layer's output, which needs as many units as there
 * are classes. Trained as one layer by `trainGraph`.
 */
export function graphBackpropagation(options: NodeMethodOptions): GraphMethod<NodeTask> {
  const method = nodeMethod('graphBackpropagation', options);
  const units = options.layers.at(-1)?.units;
  if (units !== options.classes) {
    throw new ArgumentError(
      `graphBackpropagation: expected ${options.classes} units in the last layer, one for each class, got ${units}`,
    );
  }
  return {
    ...method,
    layers: [composed(options.layers)],
    activation: (x) => x,
    trainingViews: ({ graph, features }) => [{ graph, features }],
    evaluationViews: () => null,
    loss([logits], task) {
      const train = indexArray(task.train);
      const chosen = np.take(logits as NDArray, train);
      return nn.losses.softmaxCrossEntropy(chosen, np.take(task.labels, train)).mean();
    },
    scores: ([logits]) => nn.softmax(logits as NDArray),
  };
}

/** Layers with ReLU between them as one layer. */
function composed(layers: readonly GraphLayer[]): GraphLayer {
  const [first, ...rest] = layers as [GraphLayer, ...GraphLayer[]];
  type Prepared = { first: unknown; rest: unknown[] };
  return {
    units: (layers.at(-1) as GraphLayer).units,
    init: (key) => layers.map((layer, i) => layer.init(random.foldIn(key, i))),
    connect: (graph) => layers.map((layer) => layer.connect(graph)),
    prepare: (connections, input) => {
      const [own, ...others] = connections as unknown[];
      return { first: first.prepare(own, input), rest: others } satisfies Prepared;
    },
    apply(params, prepared) {
      const [own, ...others] = params as unknown[];
      const { first: ready, rest: connections } = prepared as Prepared;
      return rest.reduce(
        (hidden, layer, i) => layer.apply(others[i], layer.prepare(connections[i], nn.relu(hidden))),
        first.apply(own, ready),
      );
    },
  };
}
