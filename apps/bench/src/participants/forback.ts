import { type InitOptions, init, jit, type NDArray, nn, np, optim, valueAndGrad, vjp } from '@forback/core';
import type { Optimiser } from '../cases/case';
import { feedbackStep } from './feedback-step';
import { type Loss, lossOf, type Params } from './forback-loss';
import { sparse } from './forback-sparse';
import {
  checkedSteps,
  firstRows,
  input,
  learningRate,
  type Participant,
  type Prepared,
  parameters,
  type Task,
} from './participant';
import { toArray, toTensors } from './tensors';

/** What this process was started with. */
const started = { threads: 1 };

/** forback, as its README says to use it. */
export const forback: Participant = {
  async start({ threads, options }) {
    started.threads = threads;
    const settings: InitOptions & { threads: number } = { threads, ...options };
    init(settings);
    return {
      versions: { node: process.versions.node },
      settings: `init(${JSON.stringify(settings)})`,
    };
  },
  prepare(task) {
    const { workload } = task;
    switch (workload.kind) {
      case 'gemm':
        return pure(task, ['a', 'b'], ({ a, b }) => ({ y: np.matmul(a, b) }));
      case 'arithmetic-chain':
        return pure(task, ['a', 'b'], ({ a, b }) => ({ y: np.maximum(a.mul(b).add(a), 0).mul(0.5).sub(b) }));
      case 'tanh-chain':
        return pure(task, ['a'], ({ a }) => ({ y: np.tanh(a.mul(0.5).add(0.25)).mul(a) }));
      case 'sum': {
        const { axis } = workload;
        return pure(task, ['a'], ({ a }) => ({ y: axis === null ? a.sum() : a.sum(axis) }));
      }
      case 'squared-distance':
        return pure(task, ['a', 'b'], ({ a, b }) => ({ y: np.square(a.sub(b)).sum() }));
      case 'cross-entropy':
        return pure(task, ['logits', 'labels'], ({ logits, labels }) => {
          const [loss, gradient] = valueAndGrad((z: NDArray) => nn.losses.softmaxCrossEntropy(z, labels).mean())(
            logits,
          );
          return { loss, gradient };
        });
      case 'sparse-product':
      case 'sparse-selection':
      case 'sparse-step':
      case 'sparse-training':
        return sparse(task, workload, 'sparse');
      case 'convolution':
        return convolution(task, workload.part);
      case 'mlp-step':
      case 'cnn-step':
        return training(task, lossOf(task, workload), workload.optimiser);
      case 'feedback-step':
        return feedbackStep(task, workload, workload.rule);
      case 'mlp-compile':
        return compilation(
          task,
          lossOf(task, { kind: 'mlp-step', sizes: workload.sizes, loss: 'cross-entropy', optimiser: 'adam' }),
        );
      case 'categorical-vae-step':
        // Loaded here, so that the memory of other cases is the core's.
        return import('./categorical-vae').then((m) => m.categoricalVaeStep(task, workload, 'reinmax'));
      case 'causal-pair':
        return import('./causal').then((m) => m.causalPair(task));
      case 'causal-suites':
        return import('./causal').then((m) => m.causalSuites(started.threads));
    }
  },
};

type Arrays<Name extends string> = Record<Name, NDArray>;

function pure<Name extends string>(
  task: Task,
  names: readonly Name[],
  f: (inputs: Arrays<Name>) => Record<string, NDArray>,
): Prepared {
  const inputs = Object.fromEntries(names.map((name) => [name, toArray(input(task, name))])) as Arrays<Name>;
  const compiled = jit(f, { name: task.workload.kind });
  return {
    results: async () => toTensors(compiled(inputs)),
    iterate(count) {
      for (let i = 0; i < count; i++) for (const y of Object.values(compiled(inputs))) y.dispose();
    },
  };
}

function convolution(task: Task, part: 'forward' | 'input-gradient' | 'weight-gradient'): Prepared {
  const conv = (x: NDArray, w: NDArray) => nn.functional.conv(x, w, { padding: 'same' });
  if (part === 'forward') return pure(task, ['x', 'w'], ({ x, w }) => ({ y: conv(x, w) }));
  // The convolution is linear in each operand: its gradient does not depend on where it is taken.
  if (part === 'input-gradient') {
    return pure(task, ['w', 'dy'], ({ w, dy }) => {
      const [n, , ...size] = dy.shape as [number, number, ...number[]];
      const x = np.zeros([n, w.shape[1] as number, ...size]);
      return { y: vjp((input: NDArray) => conv(input, w), [x])[1](dy)[0] };
    });
  }
  return pure(task, ['x', 'dy'], ({ x, dy }) => {
    const w = np.zeros([dy.shape[1] as number, x.shape[1] as number, 3, 3]);
    return { y: vjp((weight: NDArray) => conv(x, weight), [w])[1](dy)[0] };
  });
}

interface State {
  params: Params;
  optimiser: unknown;
}

function trainer(task: Task, loss: Loss, kind: Optimiser) {
  const optimiser = (
    kind === 'sgd' ? optim.sgd({ learningRate: learningRate.sgd }) : optim.adam({ learningRate: learningRate.adam })
  ) as optim.GradientTransform;
  const step = jit(
    (state: State, x: NDArray, y: NDArray): [State, NDArray] => {
      const [value, gradient] = valueAndGrad(loss)(state.params, x, y);
      const [updates, next] = optimiser.update(gradient, state.optimiser, state.params);
      return [{ params: optim.applyUpdates(state.params, updates), optimiser: next }, value];
    },
    { donate: 0, name: 'step' },
  );
  const start = (): State => {
    const params = Object.fromEntries(parameters(task).map(([name, value]) => [name, toArray(value)]));
    return { params, optimiser: optimiser.init(params) };
  };
  return { step, start };
}

function training(task: Task, loss: Loss, kind: Optimiser): Prepared {
  const { step, start } = trainer(task, loss, kind);
  const x = toArray(input(task, 'x'));
  const y = toArray(input(task, 'y'));
  let state: State;
  return {
    async results() {
      let [after, value] = step(start(), x, y);
      for (let i = 1; i < checkedSteps; i++) [after, value] = step(after, x, y);
      return toTensors({ loss: value, ...after.params });
    },
    reset() {
      state = start();
    },
    iterate(count) {
      let value: NDArray | undefined;
      for (let i = 0; i < count; i++) [state, value] = step(state, x, y);
      value?.item();
    },
  };
}

function compilation(task: Task, loss: Loss): Prepared {
  const { step, start } = trainer(task, loss, 'adam');
  let rows = 0;
  return {
    results: training(task, loss, 'adam').results,
    iterate(count) {
      for (let i = 0; i < count; i++) {
        rows += 1;
        step(start(), toArray(firstRows(input(task, 'x'), rows)), toArray(firstRows(input(task, 'y'), rows)))[1].item();
      }
    },
  };
}
