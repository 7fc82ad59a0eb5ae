import { ArgumentError, jit, type NDArray, optim, random, valueAndGrad } from '@forback/core';
import { checkWhole } from '../check';
import { descend, type Optimiser } from '../learner';
import type { GraphLayer } from './graph-layers';
import type { GraphMethod, Part } from './graph-method';
import type { View } from './node-task';
import { normaliseRows } from './sparse-matrix';

/** All that training on a graph changes: `io.save` keeps it, and `trainGraph` goes on from it to the same bits. */
export interface GraphState {
  key: random.Key;
  /** Parameters of the finished layers. */
  finished: unknown[];
  /** The layer that is learning, or null once all are finished. */
  current: {
    epoch: number;
    params: unknown;
    optimiser: unknown;
    /** The best parameters so far, by the validation part. */
    best: { params: unknown; epoch: number; quality: number };
  } | null;
}

/** One finished epoch of one layer. */
export interface GraphProgress {
  /** From 0. */
  layer: number;
  layers: number;
  /** From 1. */
  epoch: number;
  epochs: number;
  /** Of the layer, before the epoch's update. */
  loss: number;
  /** On the validation part, after the update, with this layer and those below; null in epochs without a check. */
  quality: number | null;
  /** The best so far. */
  bestQuality: number;
  state: GraphState;
}

/** Settings of `trainGraph`. Defaults: Park et al. 2024, released configuration. */
export interface GraphTrainOptions {
  key: random.Key;
  /** Of each layer, at most. Default: 1000. */
  epochs?: number;
  /** Default: Adam with learning rate 0.001 and weight decay 0.0005 in the gradient. */
  optimiser?: Optimiser;
  /** Epochs between two checks on the validation part. Default: 2. */
  checkEvery?: number;
  /** Checks without improvement after which a layer is finished. Default: 100. */
  patience?: number;
  /** Goes on from a state that an earlier call with the same options returned. */
  state?: GraphState;
  onProgress?: (progress: GraphProgress) => void;
  /** An `AbortSignal`: stops after the current epoch; the state so far is returned. */
  signal?: { readonly aborted: boolean };
}

/** Adam with weight decay added to the gradient, as in the released configuration. */
export function graphAdam(): Optimiser {
  return optim.chain(optim.addDecayedWeights({ weightDecay: 5e-4 }), optim.adam({ learningRate: 1e-3 }));
}

/**
 * Trains the layers of a graph network one after the other, each on all nodes at once with the outputs of the layer below
 * fixed, and keeps each layer's best parameters by the validation part.
 *
 * @throws ArgumentError for a task or settings that do not fit.
 */
export async function trainGraph<Task>(
  method: GraphMethod<Task>,
  task: Task,
  options: GraphTrainOptions,
): Promise<{ state: GraphState; finished: boolean }> {
  const { epochs = 1000, optimiser = graphAdam(), checkEvery = 2, patience = 100, onProgress, signal } = options;
  checkGraphTraining('trainGraph', { epochs, checkEvery, patience });
  method.check(task, true);
  const [viewKey, initKey] = random.split(options.key);
  const finished = [...(options.state?.finished ?? [])];
  const snapshot = (): GraphState => ({ key: viewKey, finished: [...finished], current });
  const training = new Passes(method.trainingViews(task, viewKey));
  const evaluationViews = method.evaluationViews(task, viewKey, 'validation');
  const evaluation = evaluationViews && new Passes(evaluationViews);
  let total: NDArray | null = null;
  const scoresOf = (runner: LayerRunner, params: unknown) => {
    const own = method.scores(runner.outputs(params, (evaluation ?? training).prepared), task, 'validation');
    return total === null ? own : total.add(own);
  };
  let current: GraphState['current'] = options.state?.current ?? null;
  let lastPause = performance.now();
  for (const [index, layer] of method.layers.entries()) {
    const runner = new LayerRunner(method, task, layer, optimiser);
    training.prepare(layer);
    evaluation?.prepare(layer);
    if (index >= finished.length) {
      current ??= fresh(layer.init(random.foldIn(initKey, index)), optimiser);
      while (current.epoch < epochs && current.epoch - current.best.epoch <= patience * checkEvery) {
        if (signal?.aborted) return { state: snapshot(), finished: false };
        const { params, optimiser: next, loss } = runner.step(current.params, current.optimiser, training.prepared);
        const epoch: number = current.epoch + 1;
        let best: InProgress['best'] = current.best;
        let quality: number | null = null;
        if (epoch % checkEvery === 0 || epoch === epochs) {
          quality = method.quality(scoresOf(runner, params), task, 'validation');
          if (quality > best.quality) best = { params, epoch, quality };
        }
        current = { epoch, params, optimiser: next, best };
        onProgress?.({
          layer: index,
          layers: method.layers.length,
          epoch,
          epochs,
          loss: loss.item(),
          quality,
          bestQuality: best.quality,
          state: snapshot(),
        });
        if (performance.now() - lastPause > 30) {
          await new Promise((resume) => setTimeout(resume));
          lastPause = performance.now();
        }
      }
      finished.push(current.best.params);
      current = null;
    }
    total = scoresOf(runner, finished[index]);
    training.advance((prepared) => runner.outputs(finished[index], prepared));
    evaluation?.advance((prepared) => runner.outputs(finished[index], prepared));
  }
  return { state: snapshot(), finished: true };
}

/** @internal Refuses settings with which no epoch would be judged. */
export function checkGraphTraining(
  where: string,
  { epochs, checkEvery, patience }: { epochs: number; checkEvery: number; patience: number },
): void {
  checkWhole(where, 'epochs', epochs, 1);
  checkWhole(where, 'checkEvery', checkEvery, 1);
  checkWhole(where, 'patience', patience, 1);
}

type InProgress = NonNullable<GraphState['current']>;

function fresh(params: unknown, optimiser: Optimiser): InProgress {
  return { epoch: 0, params, optimiser: optimiser.init(params), best: { params, epoch: 0, quality: -1 } };
}

/** The scores of the finished layers, summed: [nodes, classes] for node labels, [pairs] for links. */
export function graphScores<Task>(method: GraphMethod<Task>, state: GraphState, task: Task, part: Part): NDArray {
  method.check(task, false);
  const passes = new Passes(method.evaluationViews(task, state.key, part) ?? method.trainingViews(task, state.key));
  const scores = state.finished.map((params, index) => {
    const layer = method.layers[index] as GraphLayer;
    const runner = new LayerRunner(method, task, layer, graphAdam());
    passes.prepare(layer);
    const outputs = runner.outputs(params, passes.prepared);
    passes.advance(() => outputs);
    return method.scores(outputs, task, part);
  });
  if (scores.length === 0) throw new ArgumentError('graphScores: no layer of this state is finished');
  return scores.reduce((a, b) => a.add(b));
}

/** How good the prediction of a part is: accuracy for node labels, the area under the curve for links. */
export function graphQuality<Task>(
  method: GraphMethod<Task>,
  state: GraphState,
  task: Task,
  part: Part = 'test',
): number {
  return method.quality(graphScores(method, state, task, part), task, part);
}

/** Views on their way up through the layers. */
class Passes {
  /** What the present layer needs of each view. */
  prepared: unknown[] = [];

  constructor(private views: readonly View[]) {}

  prepare(layer: GraphLayer): void {
    const connections = new Map<View['graph'], unknown>();
    this.prepared = this.views.map(({ graph, features }) => {
      if (!connections.has(graph)) connections.set(graph, layer.connect(graph));
      return layer.prepare(connections.get(graph), normaliseRows(features));
    });
  }

  /** The layer's outputs become the features for the next one; no gradient goes back through them. */
  advance(outputs: (prepared: unknown[]) => readonly NDArray[]): void {
    const next = outputs(this.prepared);
    this.views = this.views.map(({ graph }, i) => ({ graph, features: next[i] as NDArray }));
  }
}

/** The compiled functions of one layer. */
class LayerRunner {
  readonly outputs: (params: unknown, prepared: unknown[]) => NDArray[];
  readonly step: (
    params: unknown,
    state: unknown,
    prepared: unknown[],
  ) => { params: unknown; optimiser: unknown; loss: NDArray };

  constructor(
    method: Pick<GraphMethod<never>, 'activation'> & { loss(outputs: readonly NDArray[], task: never): NDArray },
    task: unknown,
    layer: GraphLayer,
    optimiser: Optimiser,
  ) {
    const apply = (params: unknown, prepared: unknown[]) =>
      prepared.map((p) => method.activation(layer.apply(params, p)));
    this.outputs = jit(apply, { name: 'graph layer' });
    this.step = jit(
      (params: unknown, state: unknown, prepared: unknown[]) => {
        const [loss, gradients] = valueAndGrad((p: unknown) => method.loss(apply(p, prepared), task as never))(params);
        return { ...descend(optimiser, params, state, gradients, 1), loss };
      },
      { name: 'graph layer step' },
    );
  }
}
