import { jit, type NDArray, optim, random, valueAndGrad } from '@forback/core';
import { type Estimator, reinmax, straightThrough } from '@forback/reinmax';
import { type CategoricalVaeParams, categoricalVae } from '@forback/reinmax/examples';
import type { Workload } from '../cases/case';
import { input, learningRate, type Prepared, type Task } from './participant';
import { toArray, toTensors } from './tensors';

const estimators = { reinmax, straightThrough } satisfies Record<string, Estimator>;

/** The training step of an autoencoder with categorical latents. Everybody has the same parameters and samples. */
export function categoricalVaeStep(
  task: Task,
  { hidden, categories, latents, temperature }: Extract<Workload, { kind: 'categorical-vae-step' }>,
  name: keyof typeof estimators,
): Prepared {
  const x = toArray(input(task, 'x'));
  const estimator: Estimator = (logits, key, options) => estimators[name](logits, key, { ...options, temperature });
  const vae = categoricalVae({ estimator, inputs: x.shape[1] as number, hidden, categories, latents });
  const adam = optim.adam({ learningRate: learningRate.adam });
  const lossAndGradient = (params: CategoricalVaeParams, key: random.Key) =>
    valueAndGrad((p: CategoricalVaeParams) => vae.negativeElbo(p, x, key).mean())(params);
  const start = () => {
    const params = vae.init(random.key(0));
    return { params, optimiser: adam.init(params), key: random.key(1) };
  };
  type State = ReturnType<typeof start>;
  const step = jit(
    ({ params, optimiser, key }: State): [State, NDArray] => {
      const [next, own] = random.split(key);
      const [value, gradient] = lossAndGradient(params, own);
      const [updates, after] = adam.update(gradient, optimiser, params);
      return [{ params: optim.applyUpdates(params, updates), optimiser: after, key: next }, value];
    },
    { donate: 0, name: 'vae step' },
  );
  let state: State;
  return {
    async results() {
      const [loss, { decoder }] = jit(lossAndGradient)(start().params, random.key(1));
      const first = decoder[0] as { weight: NDArray };
      return toTensors({ loss, decoderGradient: first.weight });
    },
    reset() {
      state = start();
    },
    iterate(count) {
      let value: NDArray | undefined;
      for (let i = 0; i < count; i++) [state, value] = step(state);
      value?.item();
    },
  };
}
