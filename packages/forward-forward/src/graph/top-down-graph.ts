import { ArgumentError, jit, type NDArray, nn, np, optim, random, valueAndGrad } from '@forback/core';
import { checkClasses, checkName } from '../check';
import { descend, type Optimiser } from '../learner';
import { lengthNormalisation } from '../normalisation';
import type { GraphLayer } from './graph-layers';
import type { Part } from './graph-method';
import { classProductLoss, classProducts, type NodeMethodOptions } from './node-methods';
import {
  assign,
  checkNodeTask,
  featureCount,
  labelRows,
  type NodeTask,
  scoreAccuracy,
  testNodes,
  withClassNodes,
} from './node-task';
import { appendColumns, type Features, normaliseRows } from './sparse-matrix';
import { checkGraphTraining, type GraphTrainOptions, graphAdam } from './train-graph';

/** Settings of `topDownSingleForward`. */
export interface TopDownGraphOptions extends NodeMethodOptions {
  /**
   * 'input': a layer's input is its lower neighbour's output next to its upper one's, the label (1/K where there is none) above
   * the last. Layer l takes the units of the layer below plus those above (K for the last). 'loss': a layer's loss sees the
   * mean of its output and all higher ones, which need the same units.
   */
  feedback: 'input' | 'loss';
}

/** All that training changes; `io.save` keeps it. */
export interface TopDownGraphState {
  key: random.Key;
  epoch: number;
  params: unknown[];
  optimisers: unknown[];
  /** Outputs of the layers as their neighbours last saw them. */
  outputs: NDArray[];
  best: { params: unknown[]; epoch: number; quality: number };
}

/** A graph network whose layers hear from those above them. */
export interface TopDownGraph {
  /** Trains all layers together until the validation part stops improving; options as for `trainGraph`. */
  train(
    task: NodeTask,
    options: Omit<GraphTrainOptions, 'state' | 'onProgress'> & {
      state?: TopDownGraphState;
      onProgress?: (progress: { epoch: number; epochs: number; bestQuality: number; state: TopDownGraphState }) => void;
    },
  ): Promise<{ state: TopDownGraphState; finished: boolean }>;
  /** Scores of the best parameters [nodes, classes]. */
  scores(state: TopDownGraphState, task: NodeTask): NDArray;
  /** Accuracy of the best parameters. Default part: 'test'. */
  accuracy(state: TopDownGraphState, task: NodeTask, part?: Part): number;
}

/**
 * SF with signals from the layers above (Park et al. 2024, sections 3.5 and 3.6): Top-To-Input updates even layers, then odd
 * ones, and predicts from the mean of steps 2 to 9 of 10; Top-To-Loss clips gradients at norm 1 and predicts like SF.
 */
export function topDownSingleForward(options: TopDownGraphOptions): TopDownGraph {
  const where = 'topDownSingleForward';
  const { layers, classes, feedback } = options;
  checkClasses(where, classes);
  if (layers.length === 0) throw new ArgumentError(`${where}: expected at least one layer, got none`);
  checkName(where, 'feedback', feedback, ['input', 'loss']);
  const units = layers.map((layer) => layer.units);
  if (feedback === 'loss' && new Set(units).size > 1) {
    throw new ArgumentError(
      `${where}: feedback to the loss takes the mean of the layers, so they need the same units, got ${units.join(', ')}`,
    );
  }
  const indices = layers.map((_, i) => i);
  const order =
    feedback === 'loss' ? indices : [...indices.filter((i) => i % 2 === 0), ...indices.filter((i) => i % 2)];
  const outputs = layers.map((layer) =>
    jit((params: unknown, prepared: unknown) => nn.relu(layer.apply(params, prepared)), { name: 'graph layer' }),
  );

  /** The task with everything that does not change while it is learnt. */
  function setUp(task: NodeTask, key: random.Key, training: boolean) {
    checkNodeTask(where, classes, task, training);
    const assignment = assign(task, classes, task.train);
    const { graph, features } = withClassNodes(task, classes, assignment, key);
    const label = np.concatenate([labelRows(assignment, classes), np.eye(classes)]);
    const connections = layers.map((layer) => layer.connect(graph));
    const base = normaliseRows(features);
    const width = featureCount(task);
    const normalise = lengthNormalisation();
    const inputOf = (index: number, seen: readonly (NDArray | undefined)[]): Features => {
      const below = index === 0 ? base : normalise(seen[index - 1] as NDArray);
      if (feedback === 'loss') return below;
      const above = normalise(seen[index + 1] ?? label);
      return appendColumns(below, index === 0 ? width : ((seen[index - 1] as NDArray).shape[1] as number), above);
    };
    const prepare = (index: number, seen: readonly (NDArray | undefined)[]) =>
      (layers[index] as GraphLayer).prepare(connections[index], inputOf(index, seen));
    const run = (index: number, params: readonly unknown[], seen: readonly NDArray[]) =>
      (outputs[index] as (params: unknown, prepared: unknown) => NDArray)(params[index], prepare(index, seen));
    return { prepare, run };
  }
  type Setting = ReturnType<typeof setUp>;

  /** One update of all layers' outputs. */
  function sweep({ run }: Setting, params: readonly unknown[], before: readonly NDArray[]): NDArray[] {
    const seen = [...before];
    for (const index of order) seen[index] = run(index, params, seen);
    return seen;
  }

  function scoresOf(setting: Setting, params: readonly unknown[], silent: readonly NDArray[]): NDArray {
    const votes = (seen: readonly NDArray[]) =>
      seen.map((h) => nn.softmax(classProducts(h, classes))).reduce((a, b) => a.add(b));
    if (feedback === 'loss') return votes(sweep(setting, params, silent));
    let seen = silent;
    const steps: NDArray[] = [];
    for (let step = 0; step < 10; step++) {
      seen = sweep(setting, params, seen);
      if (step >= 2) steps.push(votes(seen));
    }
    return steps.reduce((a, b) => a.add(b)).div(steps.length);
  }

  /** Outputs before anything has happened. */
  const silence = (task: NodeTask) => layers.map(({ units }) => np.zeros([task.graph.nodes + classes, units]));

  const accuracy = (scores: NDArray, task: NodeTask, part: Part) =>
    scoreAccuracy(scores, task, part === 'validation' ? task.validation : testNodes(task));
  const scores = (state: TopDownGraphState, task: NodeTask) => {
    const setting = setUp(task, state.key, false);
    return scoresOf(setting, state.best.params, silence(task));
  };

  return {
    scores,
    accuracy: (state, task, part = 'test') => accuracy(scores(state, task), task, part),
    async train(task, trainOptions) {
      const { key, epochs = 1000, checkEvery = 2, patience = 100, signal, onProgress } = trainOptions;
      checkGraphTraining(`${where}.train`, { epochs, checkEvery, patience });
      const optimiser = clipped(trainOptions.optimiser ?? graphAdam(), feedback);
      const [viewKey, initKey] = random.split(key);
      const setting = setUp(task, viewKey, true);
      const steps = layers.map((layer) =>
        jit((params: unknown, state: unknown, prepared: unknown, higher: readonly NDArray[]) => {
          const objective = (p: unknown) => {
            const all = [nn.relu(layer.apply(p, prepared)), ...higher];
            return classProductLoss(all.reduce((a, b) => a.add(b)).div(all.length), task, classes);
          };
          return descend(optimiser, params, state, valueAndGrad(objective)(params)[1], 1);
        }),
      );
      let state = trainOptions.state ?? initialState(setting, task, optimiser, viewKey, initKey);
      let lastPause = performance.now();
      while (state.epoch < epochs && state.epoch - state.best.epoch <= patience * checkEvery) {
        if (signal?.aborted) return { state, finished: false };
        const [params, optimisers, seen] = [[...state.params], [...state.optimisers], [...state.outputs]];
        for (const index of order) {
          const step = steps[index] as (typeof steps)[number];
          const higher = feedback === 'loss' ? seen.slice(index + 1) : [];
          const next = step(params[index], optimisers[index], setting.prepare(index, seen), higher);
          params[index] = next.params;
          optimisers[index] = next.optimiser;
          seen[index] = setting.run(index, params, seen);
        }
        const epoch = state.epoch + 1;
        let { best } = state;
        if (epoch % checkEvery === 0 || epoch === epochs) {
          const quality = accuracy(scoresOf(setting, params, silence(task)), task, 'validation');
          if (quality > best.quality) best = { params, epoch, quality };
        }
        state = { key: viewKey, epoch, params, optimisers, outputs: seen, best };
        onProgress?.({ epoch, epochs, bestQuality: best.quality, state });
        if (performance.now() - lastPause > 30) {
          await new Promise((resume) => setTimeout(resume));
          lastPause = performance.now();
        }
      }
      return { state, finished: true };
    },
  };

  function initialState(
    setting: Setting,
    task: NodeTask,
    optimiser: Optimiser,
    key: random.Key,
    initKey: random.Key,
  ): TopDownGraphState {
    const params = layers.map((layer, i) => layer.init(random.foldIn(initKey, i)));
    const silent = silence(task);
    return {
      key,
      epoch: 0,
      params,
      optimisers: params.map((p) => optimiser.init(p)),
      outputs: feedback === 'loss' ? sweep(setting, params, silent) : silent,
      best: { params, epoch: 0, quality: -1 },
    };
  }
}

function clipped(optimiser: Optimiser, feedback: 'input' | 'loss'): Optimiser {
  return feedback === 'loss' ? optim.chain(optim.clipByGlobalNorm(1), optimiser) : optimiser;
}
