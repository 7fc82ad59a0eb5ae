import {
  type Compressed,
  compress,
  compressBackward,
  decompress,
  sparseMatmul,
  sparseMatmulTransposed,
  takeEntries,
} from '@forback/bimask-sparse';
import { customVjp, jit, type NDArray, nn, np, stopGradient, tree, valueAndGrad } from '@forback/core';
import type { Workload } from '../cases/case';
import { packagedTraining } from './forback-sparse-training';
import { prepareSteps } from './forback-steps';
import { input, learningRate, type Prepared, parameters, type Task, Unsupported } from './participant';
import { toArray, toTensors } from './tensors';

type SparseWorkload = Extract<Workload, { kind: `sparse-${string}` }>;
type SparseStep = Extract<Workload, { kind: 'sparse-step' }>;
export function isSparse(workload: Workload): workload is SparseWorkload {
  return workload.kind.startsWith('sparse-');
}

/** How products are computed: over the non-zeros, or over all entries of the masked matrix. */
type Way = 'sparse' | 'dense';

export function sparse(task: Task, workload: SparseWorkload, way: Way): Prepared {
  if (workload.kind === 'sparse-step') return training(task, workload, way);
  if (workload.kind === 'sparse-training') {
    return packagedTraining(task, workload, way === 'sparse' ? 'compressed' : 'masked');
  }
  const w = toArray(input(task, 'w'));
  const { n, m } = workload;
  if (workload.kind === 'sparse-selection') {
    if (way === 'dense') throw new Unsupported('nothing to choose');
    const choose = jit((weight: NDArray) => ({ y: compress(weight, { n, m }).values }));
    return repeated(() => choose(w));
  }
  const kept = compress(w, { n, m, shared: workload.shared });
  const x = toArray(input(task, 'x'));
  if (way === 'sparse') {
    const product = jit((a: NDArray, f: Compressed) => ({ y: sparseMatmul(a, f) }));
    return repeated(() => product(x, kept));
  }
  const masked = decompress(kept, { size: w.shape[1] as number });
  const product = jit((a: NDArray, f: NDArray) => ({ y: np.matmul(a, f.T) }));
  return repeated(() => product(x, masked));
}

function repeated(f: () => Record<string, NDArray>): Prepared {
  return {
    results: async () => toTensors(f()),
    iterate(count) {
      for (let i = 0; i < count; i++) for (const y of Object.values(f())) y.dispose();
    },
  };
}

/** Zhou et al. 2021 (SR-STE) and Bi-Mask. */
const decay = 2e-4;

/** x (w ⊙ F)ᵀ with the straight-through gradient gᵀ x + λ (1 − F) ⊙ w. */
function maskedLayer({ n, m, backward }: SparseStep, way: Way) {
  const product = (x: NDArray, f: Compressed, columns: number) =>
    way === 'sparse' ? sparseMatmul(x, f) : np.matmul(x, decompress(f, { size: columns }).T);
  const inputGradient = (g: NDArray, f: Compressed, columns: number) => {
    if (backward === 'bi-mask') {
      return product(g, compressBackward(f, { n, m, inputs: columns }), g.shape.at(-1) as number);
    }
    return way === 'sparse' ? sparseMatmulTransposed(g, f, columns) : np.matmul(g, decompress(f, { size: columns }));
  };
  const forward = (x: NDArray, w: NDArray, f: Compressed) => product(x, f, w.shape[1] as number);
  return customVjp(forward, {
    forward: (x, w, f) => [forward(x, w, f), { x, w, f }],
    backward({ x, w, f }, g) {
      const columns = w.shape[1] as number;
      const pruned = w.sub(decompress(f, { size: columns }));
      const weightGradient = np.matmul(g.T, x).add(pruned.mul(decay));
      return [inputGradient(g, f, columns), weightGradient, tree.map(np.zerosLike, f)];
    },
  });
}

type Params = Record<string, NDArray>;

function training(task: Task, workload: SparseStep, way: Way): Prepared {
  const { n, m, every } = workload;
  const depth = parameters(task).length / 2;
  const masked = Array.from({ length: depth - 1 }, (_, i) => `w${i}`);
  const layer = maskedLayer(workload, way);
  const choose = (params: Params) =>
    Object.fromEntries(masked.map((name) => [name, compress(stopGradient(params[name] as NDArray), { n, m })]));
  const choosePlaces = jit((params: Params) => tree.map((x) => x, places(choose(params))));
  const loss = (params: Params, kept: Record<string, Compressed>, x: NDArray, y: NDArray) => {
    let h = x;
    for (let i = 0; i < depth; i++) {
      const [w, b] = [params[`w${i}`] as NDArray, params[`b${i}`] as NDArray];
      const f = kept[`w${i}`];
      h = (f === undefined ? np.matmul(h, w.T) : layer(h, w, f)).add(b);
      if (i < depth - 1) h = nn.relu(h);
    }
    return nn.losses.softmaxCrossEntropy(h, y).mean();
  };
  const step = jit(
    (params: Params, chosen: Record<string, NDArray> | null, x: NDArray, y: NDArray): [Params, NDArray] => {
      const kept = chosen === null ? choose(params) : atPlaces(params, chosen);
      const [value, gradient] = valueAndGrad((p: Params) => loss(p, kept, x, y))(params);
      return [tree.map((p, g) => p.sub(g.mul(learningRate.sgd)), params, gradient), value];
    },
    { donate: 0, name: 'step' },
  );
  const [x, y] = [toArray(input(task, 'x')), toArray(input(task, 'y'))];
  const start = (): Params => Object.fromEntries(parameters(task).map(([name, value]) => [name, toArray(value)]));
  let params: Params = start();
  let chosen: Record<string, NDArray> | null = null;
  let steps = 0;
  const run = (): NDArray => {
    if (every > 1 && steps++ % every === 0) chosen = choosePlaces(params);
    let value: NDArray;
    [params, value] = step(params, chosen, x, y);
    return value;
  };
  const reset = (): void => {
    params = start();
    steps = 0;
  };
  return prepareSteps({ reset, run, params: () => params });
}

function places(kept: Record<string, Compressed>): Record<string, NDArray> {
  return Object.fromEntries(Object.entries(kept).map(([name, { indices }]) => [name, indices]));
}

/** The entries of today at the places of an earlier choice. */
function atPlaces(params: Params, chosen: Record<string, NDArray>): Record<string, Compressed> {
  return Object.fromEntries(
    Object.entries(chosen).map(([name, indices]) => [
      name,
      { values: takeEntries(stopGradient(params[name] as NDArray), indices), indices },
    ]),
  );
}
