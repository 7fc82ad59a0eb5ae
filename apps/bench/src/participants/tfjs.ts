import type { Optimiser, Workload } from '../cases/case';
import {
  checkedSteps,
  input,
  learningRate,
  oneHot,
  type Participant,
  type Prepared,
  parameters,
  permute,
  type Task,
  type Tensor,
  Unsupported,
} from './participant';
import { peerVersion, requirePeer } from './peer-packages';
import { allowThreads } from './tfjs-threads';

/** What this file uses of @tensorflow/tfjs. Its images are [n, height, width, channels], its kernels [height, width, in, out]. */
interface TfTensor {
  readonly shape: readonly number[];
  dispose(): void;
  dataSync(): Float32Array;
  data(): Promise<Float32Array>;
  add(other: TfTensor | number): TfTensor;
  sub(other: TfTensor | number): TfTensor;
  mul(other: TfTensor | number): TfTensor;
  relu(): TfTensor;
  tanh(): TfTensor;
  square(): TfTensor;
  sum(axis?: number): TfTensor;
  mean(): TfTensor;
  reshape(shape: readonly number[]): TfTensor;
}

interface TfVariable extends TfTensor {
  assign(value: TfTensor): void;
}

type Image = readonly [number, number, number, number];

interface Tf {
  setBackend(name: string): Promise<boolean>;
  getBackend(): string;
  env(): { set(flag: string, value: boolean): void; getAsync(flag: string): Promise<boolean> };
  engine(): {
    runKernel(name: string, inputs: Record<string, TfTensor>, attributes: Record<string, unknown>): TfTensor;
  };
  tensor(data: Float32Array | Int32Array, shape: readonly number[], dtype: string): TfTensor;
  variable(value: TfTensor): TfVariable;
  tidy<T>(f: () => T): T;
  dispose(values: unknown): void;
  matMul(a: TfTensor, b: TfTensor): TfTensor;
  maximum(a: TfTensor, b: number): TfTensor;
  squaredDifference(a: TfTensor, b: TfTensor): TfTensor;
  conv2d(x: TfTensor, w: TfTensor, strides: number, pad: string): TfTensor;
  conv2dTranspose(x: TfTensor, w: TfTensor, shape: Image, strides: number, pad: string): TfTensor;
  maxPool(x: TfTensor, size: number, strides: number, pad: string): TfTensor;
  valueAndGrad(f: (x: TfTensor) => TfTensor): (x: TfTensor) => { value: TfTensor; grad: TfTensor };
  readonly losses: { softmaxCrossEntropy(labels: TfTensor, logits: TfTensor): TfTensor };
  readonly train: {
    sgd(rate: number): TfOptimizer;
    adam(rate: number, beta1: number, beta2: number, epsilon: number): TfOptimizer;
  };
}

interface TfOptimizer {
  minimize(f: () => TfTensor, returnCost: boolean, variables: readonly TfVariable[]): TfTensor | null;
  dispose(): void;
}

interface WasmBackend {
  setThreadsCount(threads: number): void;
  getThreadsCount(): number;
}

const wasmPackage = '@tensorflow/tfjs-backend-wasm';

let tf: Tf;

/** tfjs on its WASM backend, or with the option `backend: 'cpu'` on its plain one. */
export const tfjs: Participant = {
  async start({ threads, options }) {
    const backend = options.backend === 'cpu' ? 'cpu' : 'wasm';
    const versions: Record<string, string> = {
      '@tensorflow/tfjs': peerVersion('@tensorflow/tfjs'),
      node: process.versions.node,
    };
    if (backend === 'wasm' && threads > 1) allowThreads(threads);
    tf = requirePeer<Tf>('@tensorflow/tfjs');
    if (backend === 'cpu') {
      await setBackend('cpu');
      return { versions, settings: 'cpu backend' };
    }
    versions[wasmPackage] = peerVersion(wasmPackage);
    // The transpiled file that Node gets by default names helpers that a worker does not have.
    const wasm = requirePeer<WasmBackend>(threads > 1 ? `${wasmPackage}/dist/tf-backend-wasm.es2017.js` : wasmPackage);
    if (threads > 1) tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', true);
    wasm.setThreadsCount(threads);
    await setBackend('wasm');
    const got = wasm.getThreadsCount();
    if (got !== threads) throw new Error(`asked tfjs-backend-wasm for ${threads} threads, got ${got}`);
    const simd = (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) ? 'SIMD' : 'no SIMD';
    return { versions, settings: `wasm backend, ${simd}, ${got} ${got === 1 ? 'thread' : 'threads'}` };
  },
  prepare(task) {
    const prepared = implementation(task);
    return { ...prepared, results: () => prepared.results().catch(explainMissing) };
  },
};

function explainMissing(error: unknown): never {
  const missing = /Kernel '\w+' not registered for backend '\w+'/.exec(String(error))?.[0];
  throw missing === undefined ? error : new Unsupported(missing);
}

async function setBackend(name: string): Promise<void> {
  if (!(await tf.setBackend(name)) || tf.getBackend() !== name)
    throw new Error(`tfjs did not start its ${name} backend`);
}

function implementation(task: Task): Prepared {
  const { workload } = task;
  switch (workload.kind) {
    case 'gemm':
      return pure(task, ['a', 'b'], (a, b) => ({ y: tf.matMul(a, b) }));
    case 'arithmetic-chain':
      return pure(task, ['a', 'b'], (a, b) => ({ y: tf.maximum(a.mul(b).add(a), 0).mul(0.5).sub(b) }));
    case 'tanh-chain':
      return pure(task, ['a'], (a) => ({ y: a.mul(0.5).add(0.25).tanh().mul(a) }));
    case 'sum': {
      const { axis } = workload;
      return pure(task, ['a'], (a) => ({ y: axis === null ? a.sum() : a.sum(axis) }));
    }
    case 'squared-distance':
      return pure(task, ['a', 'b'], (a, b) => ({ y: tf.squaredDifference(a, b).sum() }));
    case 'cross-entropy': {
      const hot = { ...task, inputs: { ...task.inputs, labels: oneHot(input(task, 'labels'), workload.classes) } };
      return pure(hot, ['logits', 'labels'], (logits, labels) => {
        const { value, grad } = tf.valueAndGrad((z) => tf.losses.softmaxCrossEntropy(labels, z))(logits);
        return { loss: value, gradient: grad };
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
      return training(task, workload);
    case 'mlp-compile':
      throw new Unsupported('tfjs compiles nothing');
    case 'categorical-vae-step':
      throw new Unsupported('no estimators of discrete choices');
    case 'feedback-step':
      throw new Unsupported('tfjs has no learning rules');
    case 'causal-pair':
    case 'causal-suites':
      throw new Unsupported('no such method');
  }
}

function toTensor({ data, shape }: Tensor): TfTensor {
  return tf.tensor(data, shape, data instanceof Int32Array ? 'int32' : 'float32');
}

function fromTensor(x: TfTensor): Tensor {
  return { shape: x.shape, data: x.dataSync() };
}

interface Pure {
  /** How an input is laid out for tfjs. */
  readonly arrange?: (name: string, value: Tensor) => Tensor;
  readonly arrangeBack?: (value: Tensor) => Tensor;
}

function pure(
  task: Task,
  names: readonly string[],
  f: (...inputs: TfTensor[]) => Record<string, TfTensor>,
  options: Pure = {},
): Prepared {
  const { arrange = (_, value) => value, arrangeBack = (value) => value } = options;
  const inputs = names.map((name) => toTensor(arrange(name, input(task, name))));
  return {
    async results() {
      const outputs = tf.tidy(() => f(...inputs));
      const read = Object.entries(outputs).map(([name, x]) => [name, arrangeBack(fromTensor(x))]);
      tf.dispose(outputs);
      return Object.fromEntries(read) as Record<string, Tensor>;
    },
    iterate(count) {
      for (let i = 0; i < count; i++) tf.dispose(tf.tidy(() => f(...inputs)));
    },
  };
}

const toChannelsLast = (x: Tensor) => permute(x, [0, 2, 3, 1]);
const toChannelsFirst = (x: Tensor) => permute(x, [0, 3, 1, 2]);
/** Kernels from [out, in, height, width]. */
const toKernel = (w: Tensor) => permute(w, [2, 3, 1, 0]);
const fromKernel = (w: Tensor) => permute(w, [3, 2, 0, 1]);

function convolution(task: Task, part: 'forward' | 'input-gradient' | 'weight-gradient'): Prepared {
  const arrange = (name: string, value: Tensor) => (name === 'w' ? toKernel(value) : toChannelsLast(value));
  if (part === 'forward') {
    return pure(task, ['x', 'w'], (x, w) => ({ y: tf.conv2d(x, w, 1, 'same') }), {
      arrange,
      arrangeBack: toChannelsFirst,
    });
  }
  if (part === 'input-gradient') {
    const [n, , height, width] = input(task, 'dy').shape as Image;
    const shape: Image = [n, height, width, input(task, 'w').shape[1] as number];
    const f = (w: TfTensor, dy: TfTensor) => ({ y: tf.conv2dTranspose(dy, w, shape, 1, 'same') });
    return pure(task, ['w', 'dy'], f, { arrange, arrangeBack: toChannelsFirst });
  }
  const filterShape = [3, 3, input(task, 'x').shape[1], input(task, 'dy').shape[1]];
  const attributes = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dimRoundingMode: undefined, filterShape };
  const f = (x: TfTensor, dy: TfTensor) => ({
    y: tf.engine().runKernel('Conv2DBackpropFilter', { x, dy }, attributes),
  });
  return pure(task, ['x', 'dy'], f, { arrange, arrangeBack: fromKernel });
}

type StepWorkload = Extract<Workload, { kind: 'mlp-step' | 'cnn-step' }>;

interface Network {
  readonly arrange: (name: string, value: Tensor) => Tensor;
  readonly arrangeBack: (name: string, value: Tensor) => Tensor;
  readonly loss: (params: Readonly<Record<string, TfVariable>>, x: TfTensor, y: TfTensor) => TfTensor;
}

const same = (_: string, value: Tensor) => value;

function network(workload: StepWorkload): Network {
  if (workload.kind === 'cnn-step') return convolutional;
  const depth = workload.sizes.length - 1;
  const loss: Network['loss'] = (p, x, y) => {
    let h = x;
    for (let i = 0; i < depth; i++) {
      h = tf.matMul(h, p[`w${i}`] as TfTensor).add(p[`b${i}`] as TfTensor);
      if (i < depth - 1) h = h.relu();
    }
    return workload.loss === 'cross-entropy' ? tf.losses.softmaxCrossEntropy(y, h) : tf.squaredDifference(h, y).mean();
  };
  return { arrange: same, arrangeBack: same, loss };
}

const convolutional: Network = {
  arrange(name, value) {
    if (name === 'x') return toChannelsLast(value);
    if (name === 'w0' || name === 'w1') return toKernel(value);
    // The rows of the dense layer follow the order in which the features lie.
    if (name === 'w2') return { ...value, data: permute({ ...value, shape: [32, 8, 8, 10] }, [1, 2, 0, 3]).data };
    return value;
  },
  arrangeBack(name, value) {
    if (name === 'w0' || name === 'w1') return fromKernel(value);
    if (name === 'w2') return { ...value, data: permute({ ...value, shape: [8, 8, 32, 10] }, [2, 0, 1, 3]).data };
    return value;
  },
  loss(p, x, y) {
    const { w0, b0, w1, b1, w2, b2 } = p as Record<'w0' | 'b0' | 'w1' | 'b1' | 'w2' | 'b2', TfVariable>;
    const block = (h: TfTensor, w: TfTensor, b: TfTensor) =>
      tf.maxPool(tf.conv2d(h, w, 1, 'same').add(b).relu(), 2, 2, 'valid');
    const features = block(block(x, w0, b0), w1, b1);
    return tf.losses.softmaxCrossEntropy(y, tf.matMul(features.reshape([features.shape[0] as number, -1]), w2).add(b2));
  },
};

function training(task: Task, workload: StepWorkload): Prepared {
  const { arrange, arrangeBack, loss } = network(workload);
  const labels = input(task, 'y');
  const classes = workload.kind === 'mlp-step' ? (workload.sizes.at(-1) as number) : 10;
  const x = toTensor(arrange('x', input(task, 'x')));
  const y = toTensor(labels.data instanceof Int32Array ? oneHot(labels, classes) : labels);
  const initial = parameters(task).map(([name, value]) => [name, toTensor(arrange(name, value))] as const);
  const params = Object.fromEntries(initial.map(([name, value]) => [name, tf.variable(value)]));
  const variables = Object.values(params);
  let optimiser = makeOptimiser(workload.optimiser);
  const step = (returnCost: boolean) => optimiser.minimize(() => loss(params, x, y), returnCost, variables);
  const reset = () => {
    optimiser.dispose();
    optimiser = makeOptimiser(workload.optimiser);
    for (const [name, value] of initial) params[name]?.assign(value);
  };
  return {
    reset,
    async results() {
      reset();
      for (let i = 1; i < checkedSteps; i++) step(false);
      const value = step(true) as TfTensor;
      const read = Object.entries(params).map(([name, p]) => [name, arrangeBack(name, fromTensor(p))]);
      const outputs = Object.fromEntries([...read, ['loss', fromTensor(value)]]) as Record<string, Tensor>;
      value.dispose();
      return outputs;
    },
    iterate(count) {
      for (let i = 0; i < count; i++) step(false);
    },
  };
}

function makeOptimiser(kind: Optimiser): TfOptimizer {
  return kind === 'sgd' ? tf.train.sgd(learningRate.sgd) : tf.train.adam(learningRate.adam, 0.9, 0.999, 1e-8);
}
