import { biMask, type Sparsity, sparseTraining, srSte } from '@forback/bimask-sparse';
import { jit, type NDArray, nn, np, random, tree } from '@forback/core';
import type { Workload } from '../cases/case';
import { prepareSteps } from './forback-steps';
import { input, learningRate, type Prepared, parameters, type Task } from './participant';
import { toArray } from './tensors';

type Params = Record<string, NDArray>;

/** Training as users of @forback/bimask-sparse write it: their own loss, new masks before every step. */
export function packagedTraining(
  task: Task,
  { n, m, method }: Extract<Workload, { kind: 'sparse-training' }>,
  products: 'compressed' | 'masked',
): Prepared {
  const depth = parameters(task).length / 2;
  const loss = (params: Params, x: NDArray, y: NDArray) => {
    let h = x;
    for (let i = 0; i < depth; i++) {
      h = np.matmul(h, (params[`w${i}`] as NDArray).T).add(params[`b${i}`] as NDArray);
      if (i < depth - 1) h = nn.relu(h);
    }
    return nn.losses.softmaxCrossEntropy(h, y).mean();
  };
  const [x, y] = [toArray(input(task, 'x')), toArray(input(task, 'y'))];
  const initial = (): Params => Object.fromEntries(parameters(task).map(([name, value]) => [name, toArray(value)]));
  const sparse = sparseTraining(loss, {
    pattern: { n, m },
    method: method === 'bi-mask' ? biMask(random.key(0)) : srSte(),
    example: [initial(), x, y],
    scope: 'all-but-last',
    products,
  });
  const step = jit(
    (params: Params, sparsity: Sparsity): [Params, NDArray] => {
      const [value, gradient] = sparse.valueAndGrad(sparsity)(params, x, y);
      return [tree.map((p, g) => p.sub(g.mul(learningRate.sgd)), params, gradient), value];
    },
    { donate: 0, name: 'step' },
  );
  let params = initial();
  let sparsity = sparse.init(params);
  const reset = (): void => {
    params = initial();
    sparsity = sparse.init(params);
  };
  const run = (): NDArray => {
    sparsity = sparse.refresh(params, sparsity);
    const [next, value] = step(params, sparsity);
    params = next;
    return value;
  };
  return prepareSteps({ reset, run, params: () => params });
}
