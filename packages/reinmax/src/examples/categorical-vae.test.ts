import { array, grad, jit, type NDArray, np, optim, random, valueAndGrad } from '@forback/core';
import { expect, test } from 'vitest';
import { expectation, reinmax, straightThrough } from '../index';
import { type CategoricalVaeParams, categoricalVae } from './index';

const small = { inputs: 16, hidden: [24], categories: 4, latents: 2 };
// Sixteen patterns of two halves, four of each: a code of two latents with four categories can tell them apart.
const halves = random.bernoulli(random.key(1), 0.5, { shape: [8, 8] }).astype('float32');
const pick = (half: (i: number) => number) =>
  np.take(
    halves,
    array(
      Array.from({ length: 64 }, (_, i) => half(i % 16)),
      { dtype: 'int32' },
    ),
  );
const data = np.concatenate([pick((i) => i % 4), pick((i) => 4 + Math.floor(i / 4))], 1);

test('training lowers −ELBO well below what an empty code reaches', () => {
  const vae = categoricalVae({ estimator: reinmax, ...small });
  const adam = optim.adam({ learningRate: 0.01 });
  const step = jit(
    (state: { params: CategoricalVaeParams; optimiser: ReturnType<typeof adam.init> }, key: random.Key) => {
      const [value, g] = valueAndGrad((p: CategoricalVaeParams) => vae.negativeElbo(p, data, key).mean())(state.params);
      const [updates, optimiser] = adam.update(g, state.optimiser, state.params);
      return [{ params: optim.applyUpdates(state.params, updates), optimiser }, value] as const;
    },
    { donate: 0 },
  );
  const params = vae.init(random.key(0));
  let state = { params, optimiser: adam.init(params) };
  let value: NDArray = np.zeros([]);
  for (let i = 0; i < 300; i++) [state, value] = step(state, random.key(i));
  // Without a code: the entropy of the pixels by themselves.
  const ones = data.mean(0);
  const zeros = ones.neg().add(1);
  const plogp = (p: NDArray) => p.mul(np.log(np.maximum(p, 1e-9)));
  const entropy = plogp(ones).add(plogp(zeros)).sum().neg();
  expect(value.item()).toBeLessThan(0.7 * entropy.item());
});

test('the sampled objective has the enumerated one as its mean, and the sample carries gradient to the encoder', () => {
  const vae = categoricalVae({ estimator: straightThrough, ...small });
  const params = vae.init(random.key(0));
  const x = data.slice([0, 1]);
  const logits = vae.encode(params, x);
  const exact = expectation((z) => vae.reconstruction(params, z, x).sum(), logits).item();
  const many = np.broadcastTo(logits, [4000, 2, 4]);
  const { sample } = straightThrough(many, random.key(2));
  const sampled = vae.reconstruction(params, sample, np.broadcastTo(x, [4000, 16]));
  const error = Math.sqrt(np.square(sampled.sub(sampled.mean())).mean().item() / 4000);
  expect(Math.abs(sampled.mean().item() - exact)).toBeLessThan(5 * error);
  const g = grad((p: CategoricalVaeParams) => vae.negativeElbo(p, x, random.key(3)).sum())(params);
  expect(
    np
      .abs((g.encoder[0] as { weight: NDArray }).weight)
      .max()
      .item(),
  ).toBeGreaterThan(0);
});
