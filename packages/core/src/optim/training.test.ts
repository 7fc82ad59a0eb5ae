import { describe, expect, test } from 'vitest';
import type { NDArray } from '../array/ndarray';
import { DonatedArrayError } from '../errors';
import * as nn from '../nn';
import { elements, scattered } from '../nn/test-support';
import * as np from '../numpy';
import * as random from '../random';
import { valueAndGrad } from '../transforms/grad';
import { jit } from '../transforms/jit';
import { flatten, leaves, unflatten } from '../tree/tree';
import * as optim from '.';

const bits = (value: unknown) => leaves(value).map(elements);

const optimisers: Record<string, optim.GradientTransform> = {
  sgd: optim.sgd({ learningRate: 0.05 }),
  'sgd with momentum': optim.sgd({ learningRate: 0.05, momentum: 0.9 }),
  'sgd with a look ahead': optim.sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
  adam: optim.adam({ learningRate: 0.05 }),
  adamw: optim.adamw({ learningRate: 0.05, mask: (path) => path.endsWith('weight') }),
  radam: optim.radam({ learningRate: 0.05 }),
  rmsprop: optim.rmsprop({ learningRate: 0.05, momentum: 0.5 }),
  'a chain with a schedule': optim.chain(
    optim.clipByGlobalNorm(0.5),
    optim.clipByValue(0.2),
    optim.scaleByAdam(),
    optim.addDecayedWeights({ weightDecay: 0.01 }),
    optim.scaleByLearningRate(optim.schedules.warmupCosine({ peak: 0.1, warmupSteps: 2, steps: 8 })),
  ),
};

describe.each(Object.entries(optimisers))('%s', (_, optimiser) => {
  const model = nn.mlp([3, 5, 2], { activation: nn.tanh });
  const x = scattered([7, 3], 1, 'float32');
  const y = scattered([7, 2], 2, 'float32');
  const loss = (params: nn.MlpParams) => nn.losses.meanSquaredError(model.apply(params, x), y).mean();
  interface State {
    params: nn.MlpParams;
    optimiser: unknown;
  }
  const start = (): State => {
    const params = model.init(random.key(1));
    return { params, optimiser: optimiser.init(params) };
  };
  const update = (state: State): [State, NDArray] => {
    const [value, gradient] = valueAndGrad(loss)(state.params);
    const [updates, next] = optimiser.update(gradient, state.optimiser, state.params);
    return [{ params: optim.applyUpdates(state.params, updates), optimiser: next }, value];
  };

  test('compiles once, takes donated state, and gives the bits of the plain functions', () => {
    let traced = 0;
    const step = jit(
      (state: State) => {
        traced++;
        return update(state);
      },
      { donate: [0] },
    );
    let [compiled, plain] = [start(), start()];
    for (let i = 0; i < 6; i++) {
      const before = compiled;
      [compiled] = step(compiled);
      [plain] = update(plain);
      expect(() => before.params[0]?.weight.dataSync()).toThrow(DonatedArrayError);
    }
    expect(traced).toBe(1);
    expect(bits(compiled)).toEqual(bits(plain));
  });

  test('goes downhill', () => {
    let state = start();
    const first = loss(state.params).item();
    const step = jit(update, { donate: [0] });
    for (let i = 0; i < 40; i++) [state] = step(state);
    expect(loss(state.params).item()).toBeLessThan(0.8 * first);
  });

  test('has a state that can be taken apart and put together', () => {
    const [state] = update(start());
    const { leaves: arrays, treedef } = flatten(state);
    const again = unflatten<State>(
      treedef,
      arrays.map((a) => np.array(a.dataSync(), { shape: a.shape, dtype: a.dtype })),
    );
    expect(bits(update(again))).toEqual(bits(update(state)));
  });
});

/** Trains a classifier on all of its data; the whole state goes round donated. */
function fit(model: nn.Layer<nn.MlpParams>, x: NDArray, y: NDArray, steps: number, learningRate: number) {
  const optimiser = optim.adam({ learningRate });
  const loss = (params: nn.MlpParams) => nn.losses.softmaxCrossEntropy(model.apply(params, x), y).mean();
  const step = jit(
    (state: { params: nn.MlpParams; optimiser: ReturnType<typeof optimiser.init> }) => {
      const [value, gradient] = valueAndGrad(loss)(state.params);
      const [updates, next] = optimiser.update(gradient, state.optimiser);
      return [{ params: optim.applyUpdates(state.params, updates), optimiser: next }, value] as const;
    },
    { donate: [0] },
  );
  const params = model.init(random.key(42));
  let state = { params, optimiser: optimiser.init(params) };
  for (let i = 0; i < steps; i++) [state] = step(state);
  return { state, accuracy: nn.accuracy(model.apply(state.params, x), y).item() };
}

describe('a small network', () => {
  test('learns exclusive or, with the same bits each time', () => {
    const x = np.array([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    const y = np.array([0, 1, 1, 0], { dtype: 'int32' });
    const train = () => fit(nn.mlp([2, 8, 2]), x, y, 150, 0.05);
    const first = train();
    expect(first.accuracy).toBe(1);
    expect(bits(train().state)).toEqual(bits(first.state));
  });

  test('separates two moons, with the same bits each time', () => {
    const n = 100;
    const [angles, noise] = random.split(random.key(7));
    const t = random.uniform(angles, { shape: [n], maxval: Math.PI });
    const upper = np.stack([np.cos(t), np.sin(t)], 1);
    const lower = np.stack([np.cos(t).neg().add(1), np.sin(t).neg().add(0.5)], 1);
    const x = np.concatenate([upper, lower]).add(random.normal(noise, { shape: [2 * n, 2], std: 0.08 }));
    const y = np.concatenate([np.zeros([n], { dtype: 'int32' }), np.ones([n], { dtype: 'int32' })]);
    const train = () => fit(nn.mlp([2, 16, 16, 2]), x, y, 150, 0.02);
    const first = train();
    expect(first.accuracy).toBe(1);
    expect(bits(train().state)).toEqual(bits(first.state));
    // A linear model cannot.
    expect(fit(nn.mlp([2, 2]), x, y, 150, 0.02).accuracy).toBeLessThan(0.95);
  });
});

test('a network with normalisation and dropout trains with all of its state donated', () => {
  // Bars in one of six places, horizontal or vertical, in noise.
  const n = 48;
  const place = np.arange(n).astype('int32');
  const bar = nn.oneHot(np.mod(place, 6), 6).reshape([n, 1, 6, 1]);
  const isVertical = np.less(np.mod(place, 12), 6).reshape([n, 1, 1, 1]);
  const clean = np.where(isVertical, np.tile(bar, [1, 1, 1, 6]), np.tile(np.swapaxes(bar, 2, 3), [1, 1, 6, 1]));
  const x = clean.add(random.normal(random.key(0), { shape: clean.shape, std: 0.3 }));
  const y = isVertical.reshape([n]).astype('int32');

  const model = nn.sequential(
    nn.conv({ in: 1, out: 6, kernel: 3, padding: 'same' }),
    nn.batchNorm({ features: 6 }),
    nn.relu,
    nn.maxPool({ window: 2 }),
    nn.flatten,
    nn.dropout({ rate: 0.2 }),
    nn.dense({ in: 54, out: 2 }),
  );
  const optimiser = optim.adamw({ learningRate: 0.01 });
  type Params = ReturnType<typeof model.init>;
  type Running = ReturnType<typeof model.initState>;
  const step = jit(
    (state: { params: Params; running: Running; optimiser: ReturnType<typeof optimiser.init>; key: random.Key }) => {
      const [key, own] = random.split(state.key);
      const loss = (params: Params): [NDArray, Running] => {
        const [logits, running] = model.apply(params, state.running, x, { train: true, key: own });
        return [nn.losses.softmaxCrossEntropy(logits, y).mean(), running];
      };
      const [[value, running], gradient] = valueAndGrad(loss, { hasAux: true })(state.params);
      const [updates, next] = optimiser.update(gradient, state.optimiser, state.params);
      return [{ params: optim.applyUpdates(state.params, updates), running, optimiser: next, key }, value] as const;
    },
    { donate: [0] },
  );
  const train = () => {
    const params = model.init(random.key(1));
    let state = { params, running: model.initState(), optimiser: optimiser.init(params), key: random.key(2) };
    for (let i = 0; i < 60; i++) [state] = step(state);
    return state;
  };
  const state = train();
  const [logits] = model.apply(state.params, state.running, x);
  expect(nn.accuracy(logits, y).item()).toBe(1);
  expect(bits(train())).toEqual(bits(state));
});
