import { array, type InitOptions, init, jit, type NDArray, nn, np, optim, valueAndGrad, vjp } from '@forback/core';
import type { Optimiser, Workload } from '../cases/case';
import {
  checkedSteps,
  firstRows,
  input,
  learningRate,
  type Participant,
  type Prepared,
  parameters,
  type Task,
  type Tensor,
} from './participant';

/** forback, as its README says to use it. */
export const forback: Participant = {
  async start({ threads, options }) {
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
      case 'convolution':
        return convolution(task, workload.part);
      case 'mlp-step':
      case 'cnn-step':
        return training(task, lossOf(task, workload), workload.optimiser);
      case 'mlp-compile':
        return compilation(
          task,
          lossOf(task, { kind: 'mlp-step', sizes: workload.sizes, loss: 'cross-entropy', optimiser: 'adam' }),
        );
    }
  },
};

type Arrays<Name extends string> = Record<Name, NDArray>;

function toArray({ data, shape }: Tensor): NDArray {
  return array(data, { shape, dtype: data instanceof Int32Array ? 'int32' : 'float32' });
}

function toTensor(x: NDArray): Tensor {
  return { shape: x.shape, data: x.dataSync() as Float32Array };
}

function toTensors(arrays: Record<string, NDArray>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(arrays).map(([name, x]) => [name, toTensor(x)]));
}

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

type Params = Record<string, NDArray>;
type Loss = (params: Params, x: NDArray, y: NDArray) => NDArray;

function lossOf(task: Task, workload: Extract<Workload, { kind: 'mlp-step' | 'cnn-step' }>): Loss {
  if (workload.kind === 'cnn-step') {
    return (p, x, y) => {
      const block = (h: NDArray, w: NDArray, b: NDArray) => {
        const sum = nn.functional.conv(h, w, { padding: 'same' }).add(b.reshape([-1, 1, 1]));
        return nn.functional.maxPool(nn.relu(sum), { window: 2 });
      };
      const { w0, b0, w1, b1, w2, b2 } = p as Arrays<'w0' | 'b0' | 'w1' | 'b1' | 'w2' | 'b2'>;
      const logits = nn
        .flatten(block(block(x, w0, b0), w1, b1))
        .matmul(w2)
        .add(b2);
      return nn.losses.softmaxCrossEntropy(logits, y).mean();
    };
  }
  const depth = workload.sizes.length - 1;
  const model = (p: Params, x: NDArray) => {
    let h = x;
    for (let i = 0; i < depth; i++) {
      h = h.matmul(p[`w${i}`] as NDArray).add(p[`b${i}`] as NDArray);
      if (i < depth - 1) h = nn.relu(h);
    }
    return h;
  };
  if (input(task, 'y').data instanceof Int32Array)
    return (p, x, y) => nn.losses.softmaxCrossEntropy(model(p, x), y).mean();
  return (p, x, y) => nn.losses.meanSquaredError(model(p, x), y).mean();
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
