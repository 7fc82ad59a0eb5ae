import type { Optimiser, Workload } from '../cases/case';
import {
  checkedSteps,
  firstRows,
  input,
  learningRate,
  oneHot,
  type Participant,
  type Prepared,
  parameters,
  type Task,
  type Tensor,
  Unsupported,
} from './participant';
import { importPeer, peerVersion } from './peer-packages';
import { WebWorker } from './web-worker';

/** What this file uses of @jax-js/jax. Functions consume their arguments; `ref` keeps one for later. */
interface JaxArray {
  readonly shape: readonly number[];
  readonly ref: JaxArray;
  add(other: JaxArray | number): JaxArray;
  sub(other: JaxArray | number): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  div(other: JaxArray | number): JaxArray;
  sum(axis?: number): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  dispose(): void;
  data(): Promise<Float32Array>;
}

type Tree = JaxArray | readonly Tree[] | { readonly [name: string]: Tree };

interface Jax {
  init(...devices: string[]): Promise<string[]>;
  defaultDevice(name: string): string;
  jit<Args extends Tree[], R extends Tree>(f: (...args: Args) => R): (...args: Args) => R;
  valueAndGrad<P extends Tree, Rest extends Tree[]>(
    f: (params: P, ...rest: Rest) => JaxArray,
  ): (params: P, ...rest: Rest) => [JaxArray, P];
  vjp(
    f: (x: JaxArray) => JaxArray,
    primals: [JaxArray],
  ): [JaxArray, ((cotangent: JaxArray) => [JaxArray]) & { dispose(): void }];
  blockUntilReady<T extends Tree>(tree: T): Promise<T>;
  readonly tree: { ref<T extends Tree>(tree: T): T; dispose(tree: Tree): void };
  readonly numpy: {
    array(data: Float32Array, options?: { shape: readonly number[] }): JaxArray;
    zeros(shape: readonly number[]): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    maximum(a: JaxArray, b: number): JaxArray;
    tanh(x: JaxArray): JaxArray;
    sqrt(x: JaxArray): JaxArray;
    square(x: JaxArray): JaxArray;
    mean(x: JaxArray): JaxArray;
    max(x: JaxArray, axis: readonly number[]): JaxArray;
  };
  readonly nn: { relu(x: JaxArray): JaxArray; logSoftmax(x: JaxArray, axis?: number): JaxArray };
  readonly lax: { conv(x: JaxArray, w: JaxArray, strides: readonly number[], padding: string): JaxArray };
}

let jax: Jax;

/** jax-js on its WASM device, everything compiled by its jit. */
export const jaxJs: Participant = {
  async start({ threads }) {
    // Node 20 has no navigator, without which init throws.
    const navigator = { userAgent: 'Node.js', hardwareConcurrency: threads };
    Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
    // With a Worker it runs everything on workers, so that one thread is better off without.
    if (threads > 1) Object.assign(globalThis, { Worker: WebWorker });
    jax = await importPeer<Jax>('@jax-js/jax');
    await jax.init('wasm');
    jax.defaultDevice('wasm');
    return {
      versions: { '@jax-js/jax': peerVersion('@jax-js/jax'), node: process.versions.node },
      settings: threads > 1 ? `wasm, jit, ${threads} workers` : 'wasm, jit, one thread (Node has no Web Workers)',
    };
  },
  prepare(task) {
    const { workload } = task;
    const np = jax.numpy;
    switch (workload.kind) {
      case 'gemm':
        return pure(task, ['a', 'b'], (a, b) => ({ y: np.matmul(a, b) }));
      case 'arithmetic-chain':
        return pure(task, ['a', 'b'], (a, b) => ({ y: np.maximum(a.ref.mul(b.ref).add(a), 0).mul(0.5).sub(b) }));
      case 'tanh-chain':
        return pure(task, ['a'], (a) => ({ y: np.tanh(a.ref.mul(0.5).add(0.25)).mul(a) }));
      case 'sum': {
        const { axis } = workload;
        return pure(task, ['a'], (a) => ({ y: axis === null ? a.sum() : a.sum(axis) }));
      }
      case 'squared-distance':
        return pure(task, ['a', 'b'], (a, b) => ({ y: np.square(a.sub(b)).sum() }));
      case 'cross-entropy': {
        const hot = { ...task, inputs: { ...task.inputs, labels: oneHot(input(task, 'labels'), workload.classes) } };
        return pure(hot, ['logits', 'labels'], (logits, labels) => {
          const [loss, gradient] = jax.valueAndGrad(crossEntropy)(logits, labels);
          return { loss, gradient };
        });
      }
      case 'sparse-product':
      case 'sparse-selection':
      case 'sparse-step':
      case 'sparse-training':
        throw new Unsupported('no N:M sparsity');
      case 'convolution':
        return convolution(task, workload.part);
      case 'mlp-step':
      case 'cnn-step':
        return training(task, lossOf(workload), workload.optimiser, targets(task, workload));
      case 'mlp-compile': {
        const step = { kind: 'mlp-step', sizes: workload.sizes, loss: 'cross-entropy', optimiser: 'adam' } as const;
        return compilation(task, lossOf(step), targets(task, step));
      }
      case 'categorical-vae-step':
        throw new Unsupported('no estimators of discrete choices');
      case 'feedback-step':
        throw new Unsupported('jax-js has no learning rules');
      case 'causal-pair':
      case 'causal-suites':
        throw new Unsupported('no such method');
    }
  },
};

function toArray({ data, shape }: Tensor): JaxArray {
  return jax.numpy.array(data as Float32Array).reshape(shape);
}

/** Consumes the arrays. */
async function toTensors(arrays: Record<string, JaxArray>): Promise<Record<string, Tensor>> {
  const read = async ([name, x]: [string, JaxArray]) => [name, { shape: x.shape, data: await x.data() }] as const;
  return Object.fromEntries(await Promise.all(Object.entries(arrays).map(read)));
}

function pure(task: Task, names: readonly string[], f: (...inputs: JaxArray[]) => Record<string, JaxArray>): Prepared {
  const inputs = names.map((name) => toArray(input(task, name)));
  const compiled = jax.jit(f);
  const call = () => compiled(...inputs.map((x) => x.ref));
  return {
    results: async () => await toTensors(call()),
    async iterate(count) {
      for (let i = 0; i < count; i++) {
        const outputs = call();
        await jax.blockUntilReady(outputs);
        jax.tree.dispose(outputs);
      }
    },
  };
}

const conv = (x: JaxArray, w: JaxArray) => jax.lax.conv(x, w, [1, 1], 'SAME');

function convolution(task: Task, part: 'forward' | 'input-gradient' | 'weight-gradient'): Prepared {
  if (part === 'forward') return pure(task, ['x', 'w'], (x, w) => ({ y: conv(x, w) }));
  const pullback = (f: (x: JaxArray) => JaxArray, shape: readonly number[], dy: JaxArray) => {
    const [y, back] = jax.vjp(f, [jax.numpy.zeros(shape)]);
    y.dispose();
    const [gradient] = back(dy);
    back.dispose();
    return { y: gradient };
  };
  if (part === 'input-gradient') {
    const [n, , ...size] = input(task, 'dy').shape as [number, number, ...number[]];
    const shape = [n, input(task, 'w').shape[1] as number, ...size];
    return pure(task, ['w', 'dy'], (w, dy) => pullback((x) => conv(x, w), shape, dy));
  }
  const shape = [input(task, 'dy').shape[1] as number, input(task, 'x').shape[1] as number, 3, 3];
  return pure(task, ['x', 'dy'], (x, dy) => pullback((w) => conv(x, w), shape, dy));
}

function crossEntropy(logits: JaxArray, hot: JaxArray): JaxArray {
  const n = logits.shape[0] as number;
  return jax.nn
    .logSoftmax(logits, -1)
    .mul(hot)
    .sum()
    .mul(-1 / n);
}

type Params = Record<string, JaxArray>;
type Loss = (params: Params, x: JaxArray, y: JaxArray) => JaxArray;
type StepWorkload = Extract<Workload, { kind: 'mlp-step' | 'cnn-step' }>;

function targets(task: Task, workload: StepWorkload): Tensor {
  const y = input(task, 'y');
  if (!(y.data instanceof Int32Array)) return y;
  return oneHot(y, workload.kind === 'mlp-step' ? (workload.sizes.at(-1) as number) : 10);
}

function lossOf(workload: StepWorkload): Loss {
  const np = jax.numpy;
  if (workload.kind === 'cnn-step') {
    const block = (h: JaxArray, w: JaxArray, b: JaxArray) => {
      const channels = b.shape[0] as number;
      const y = jax.nn.relu(conv(h, w).add(b.reshape([channels, 1, 1])));
      const [n, c, height, width] = y.shape as [number, number, number, number];
      return np.max(y.reshape([n, c, height / 2, 2, width / 2, 2]), [3, 5]);
    };
    return (p, x, y) => {
      const { w0, b0, w1, b1, w2, b2 } = p as Record<'w0' | 'b0' | 'w1' | 'b1' | 'w2' | 'b2', JaxArray>;
      const features = block(block(x, w0, b0), w1, b1);
      const n = features.shape[0] as number;
      return crossEntropy(np.matmul(features.reshape([n, -1]), w2).add(b2), y);
    };
  }
  const depth = workload.sizes.length - 1;
  return (p, x, y) => {
    let h = x;
    for (let i = 0; i < depth; i++) {
      h = np.matmul(h, p[`w${i}`] as JaxArray).add(p[`b${i}`] as JaxArray);
      if (i < depth - 1) h = jax.nn.relu(h);
    }
    return workload.loss === 'cross-entropy' ? crossEntropy(h, y) : np.mean(np.square(h.sub(y)));
  };
}

interface State {
  readonly [name: string]: Tree;
  readonly params: Params;
  /** Adam's: moments, and the powers of the decay rates. */
  readonly mean: Params;
  readonly square: Params;
  readonly powers: readonly JaxArray[];
}

function mapParams(f: (name: string) => JaxArray, like: Params): Params {
  return Object.fromEntries(Object.keys(like).map((name) => [name, f(name)]));
}

function trainer(task: Task, loss: Loss, optimiser: Optimiser) {
  const step = jax.jit((state: State, x: JaxArray, y: JaxArray): readonly [State, JaxArray] => {
    const { params } = state;
    const [value, gradient] = jax.valueAndGrad(loss)(jax.tree.ref(params), x, y);
    const of = (tree: Params, name: string) => tree[name] as JaxArray;
    if (optimiser === 'sgd') {
      const next = mapParams((name) => of(params, name).sub(of(gradient, name).mul(learningRate.sgd)), params);
      return [{ ...state, params: next }, value];
    }
    const [power1, power2] = state.powers.map((p, i) => p.mul(i === 0 ? 0.9 : 0.999)) as [JaxArray, JaxArray];
    const mean = mapParams(
      (name) =>
        of(state.mean, name)
          .mul(0.9)
          .add(of(gradient, name).ref.mul(1 - 0.9)),
      params,
    );
    const square = mapParams(
      (name) =>
        of(state.square, name)
          .mul(0.999)
          .add(jax.numpy.square(of(gradient, name)).mul(1 - 0.999)),
      params,
    );
    const correction = (power: JaxArray) => power.ref.mul(-1).add(1);
    const next = mapParams((name) => {
      const m = of(mean, name).ref.div(correction(power1));
      const v = of(square, name).ref.div(correction(power2));
      return of(params, name).sub(m.div(jax.numpy.sqrt(v).add(1e-8)).mul(learningRate.adam));
    }, params);
    return [{ params: next, mean, square, powers: [power1, power2] }, value];
  });
  const start = (): State => {
    const params = Object.fromEntries(parameters(task).map(([name, value]) => [name, toArray(value)]));
    if (optimiser === 'sgd') return { params, mean: {}, square: {}, powers: [] };
    const zeros = () => mapParams((name) => jax.numpy.zeros((params[name] as JaxArray).shape), params);
    const one = () => toArray({ shape: [], data: Float32Array.of(1) });
    return { params, mean: zeros(), square: zeros(), powers: [one(), one()] };
  };
  return { step, start };
}

function training(task: Task, loss: Loss, optimiser: Optimiser, target: Tensor): Prepared {
  const { step, start } = trainer(task, loss, optimiser);
  const x = toArray(input(task, 'x'));
  const y = toArray(target);
  let state: State | undefined;
  return {
    async results() {
      let [after, value] = step(start(), x.ref, y.ref);
      for (let i = 1; i < checkedSteps; i++) {
        value.dispose();
        [after, value] = step(after, x.ref, y.ref);
      }
      const { params, ...rest } = after;
      jax.tree.dispose(rest);
      return await toTensors({ loss: value, ...params });
    },
    async reset() {
      if (state !== undefined) jax.tree.dispose(state);
      state = start();
      await jax.blockUntilReady(state);
    },
    async iterate(count) {
      let value: JaxArray;
      for (let i = 0; i < count; i++) {
        [state, value] = step(state as State, x.ref, y.ref);
        // Without waiting for each step the queue grows, and steps take twice as long.
        await value.data();
      }
      await jax.blockUntilReady(state as State);
    },
  };
}

function compilation(task: Task, loss: Loss, target: Tensor): Prepared {
  const { step, start } = trainer(task, loss, 'adam');
  let rows = 0;
  return {
    results: training(task, loss, 'adam', target).results,
    async iterate(count) {
      for (let i = 0; i < count; i++) {
        rows += 1;
        const [state, value] = step(
          start(),
          toArray(firstRows(input(task, 'x'), rows)),
          toArray(firstRows(target, rows)),
        );
        await value.data();
        await jax.blockUntilReady(state);
        jax.tree.dispose(state);
      }
    },
  };
}
