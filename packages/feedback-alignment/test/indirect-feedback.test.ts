import { grad, jit, type NDArray, nn, np, random, tree } from '@forback/core';
import { describe, expect, test } from 'vitest';
import { alignment, dfa, feedbackGrad, feedbackValueAndGrad, ifa, initFeedback } from '../src/index';
import { expectClose, expectSameBits } from './close';

const dtype = 'float64';
const key = random.key(4);
const draw = (seed: number, shape: readonly number[]) => random.normal(random.key(seed), { shape, dtype });
const x = draw(1, [7, 4]);
const labels = np.mod(np.arange(7), 3);
const rule = ifa(key);
type Weights = Record<string, NDArray>;

describe('indirect feedback', () => {
  const sizes = [4, 6, 5, 6, 3];
  const model = nn.mlp(sizes, { activation: nn.tanh, dtype });
  const params = model.init(random.key(2));
  const loss = (p: nn.MlpParams) => nn.losses.softmaxCrossEntropy(model.apply(p, x), labels).mean();
  const feedback = initFeedback(loss, { rule })(params);
  const b = feedback.fixed['[0].weight'] as NDArray;

  test('the equations: e B₁ behind the first layer, then forward through the weights', () => {
    expect(tree.paths(feedback.fixed).map(({ path, leaf }) => [path, leaf.shape])).toEqual([['[0].weight', [3, 6]]]);
    const activities = [x];
    let z = x;
    for (const { weight, bias } of params) {
      z = (activities.at(-1) as NDArray).matmul(weight).add(bias);
      activities.push(np.tanh(z));
    }
    const e = nn.softmax(z).sub(nn.oneHot(labels, 3).astype(dtype)).div(7);
    const slope = (layer: number) =>
      np
        .square(activities[layer + 1] as NDArray)
        .neg()
        .add(1);
    const errors = [e.matmul(b).mul(slope(0))];
    for (const layer of [1, 2]) {
      errors.push(
        (errors[layer - 1] as NDArray).matmul((params[layer] as nn.MlpParams[number]).weight).mul(slope(layer)),
      );
    }
    errors.push(e);
    const expected = errors.map((error, i) => ({
      weight: (activities[i] as NDArray).T.matmul(error),
      bias: error.sum(0),
    }));
    expectClose(feedbackGrad(loss, { rule, feedback })(params), expected);
    expectClose(jit(feedbackGrad(loss, { rule, feedback }))(params), expected);
  });

  test('with one hidden layer it is direct feedback', () => {
    const small = nn.mlp([4, 6, 3], { activation: nn.tanh, dtype });
    const p = small.init(random.key(3));
    const f = (q: nn.MlpParams) => nn.losses.softmaxCrossEntropy(small.apply(q, x), labels).mean();
    const own = initFeedback(f, { rule })(p);
    const direct = { fixed: { '[1].weight': own.fixed['[0].weight'] as NDArray }, learned: {} };
    expectClose(feedbackGrad(f, { rule, feedback: own })(p), feedbackGrad(f, { rule: dfa(key), feedback: direct })(p));
  });

  test('alignment compares it with backpropagation', () => {
    const found = Object.values(alignment(loss, { rule, feedback })(params));
    expect(found).toHaveLength(4);
    expect(found[3]?.gradientAngle.item()).toBe(0);
    for (const layer of found.slice(0, 3)) expect(layer.gradientAngle.item()).toBeGreaterThan(1);
    expect(found[1]?.weightAngle.item()).toBeNaN();
  });

  test('the output layer is exact, and without an error nothing moves', () => {
    const [value, gradient, learned] = feedbackValueAndGrad(loss, { rule, feedback })(params);
    expectSameBits(gradient[3], grad(loss)(params)[3]);
    expectSameBits(value, loss(params));
    expect(learned).toEqual({});
    const zero = { fixed: { '[0].weight': np.zerosLike(b) }, learned: {} };
    const still = feedbackGrad(loss, { rule, feedback: zero })(params);
    expectSameBits(still.slice(0, 3), tree.map(np.zerosLike, params.slice(0, 3)));
  });

  test('the errors of hidden layers are linear in B', () => {
    const twice = { fixed: { '[0].weight': b.mul(2) }, learned: {} };
    const once = feedbackGrad(loss, { rule, feedback })(params).slice(0, 3);
    expectClose(
      feedbackGrad(loss, { rule, feedback: twice })(params).slice(0, 3),
      tree.map((g) => g.mul(2), once),
    );
  });
});

describe('chains of other layers', () => {
  test('convolutions, reshapes, einsum with the weight first', () => {
    const images = draw(10, [5, 1, 4, 4]);
    const f = ({ first, second, head }: Weights) => {
      const h = nn.relu(nn.functional.conv(images, first as NDArray, { padding: 'same' }));
      const deep = nn.relu(nn.functional.conv(h, second as NDArray, { stride: 2 }));
      return np.sin(np.einsum('io,bi->bo', head as NDArray, deep.reshape([5, -1]))).sum();
    };
    const params = { first: draw(11, [2, 1, 3, 3]), second: draw(12, [3, 2, 2, 2]), head: draw(13, [12, 2]) };
    const feedback = initFeedback(f, { rule })(params);
    const b = feedback.fixed.first as NDArray;
    expect(b.shape).toEqual([2, 2 * 4 * 4]);
    const z1 = nn.functional.conv(images, params.first, { padding: 'same' });
    const z2 = nn.functional.conv(nn.relu(z1), params.second, { stride: 2 });
    const e = np.cos(nn.relu(z2).reshape([5, -1]).matmul(params.head));
    const open = (z: NDArray) => z.greater(0).astype(dtype);
    const d1 = e.matmul(b).reshape(z1.shape).mul(open(z1));
    const d2 = nn.functional.conv(d1, params.second, { stride: 2 }).mul(open(z2));
    const wanted = {
      first: grad((w: NDArray) => nn.functional.conv(images, w, { padding: 'same' }).mul(d1).sum())(params.first),
      head: nn.relu(z2).reshape([5, -1]).T.matmul(e),
      second: grad((w: NDArray) => nn.functional.conv(nn.relu(z1), w, { stride: 2 }).mul(d2).sum())(params.second),
    };
    expectClose(feedbackGrad(f, { rule, feedback })(params), wanted);
  });

  test('activations of several operations, and a learned table in front', () => {
    const f = ({ table, a, b, out }: Weights) => {
      const h = np.take(table as NDArray, np.mod(np.arange(6), 3), 0);
      return np.sin(nn.gelu(nn.silu(h.matmul(a as NDArray)).matmul(b as NDArray)).matmul(out as NDArray)).sum();
    };
    const params = { table: draw(1, [3, 4]), a: draw(2, [4, 5]), b: draw(3, [5, 5]), out: draw(4, [5, 2]) };
    const gradient = feedbackGrad(f, { rule })(params);
    expectSameBits(gradient.table, np.zerosLike(params.table));
    expect(
      np
        .abs(gradient.a as NDArray)
        .max()
        .item(),
    ).toBeGreaterThan(0.01);
    expect(
      np
        .abs(gradient.b as NDArray)
        .max()
        .item(),
    ).toBeGreaterThan(0.01);
  });

  test('two heads read one trunk: its error counts once, from both outputs', () => {
    const f = ({ trunk, actor, critic }: Weights) => {
      const h = np.tanh(x.matmul(trunk as NDArray));
      return np
        .sin(h.matmul(actor as NDArray))
        .sum()
        .add(np.square(h.matmul(critic as NDArray)).sum());
    };
    const params = { trunk: draw(1, [4, 5]), actor: draw(2, [5, 3]), critic: draw(3, [5, 1]) };
    const { fixed, learned } = initFeedback(f, { rule })(params);
    const [b, c] = [fixed['trunk from actor'] as NDArray, fixed['trunk from critic'] as NDArray];
    const h = np.tanh(x.matmul(params.trunk));
    const sent = np.cos(h.matmul(params.actor)).matmul(b).add(h.matmul(params.critic).mul(2).matmul(c));
    const expected = x.T.matmul(sent.mul(np.square(h).neg().add(1)));
    expectClose(feedbackGrad(f, { rule, feedback: { fixed, learned } })(params).trunk, expected);
  });

  test('a residual sum, pooling and normalisation are refused', () => {
    const message = /ifa: between c and the product of a parameter before it .* Use another rule, such as dfa/;
    const run = (between: (h: NDArray, z: NDArray) => NDArray) => () =>
      feedbackGrad(
        ({ a, b, c }: Weights) => {
          const h = np.tanh(x.matmul(a as NDArray));
          return np.sin(between(h, h.matmul(b as NDArray)).matmul(c as NDArray)).sum();
        },
        { rule },
      )({ a: draw(1, [4, 6]), b: draw(2, [6, 6]), c: draw(3, [6, 2]) });
    expect(run((h, z) => h.add(np.tanh(z)))).toThrow(message);
    expect(run((_h, z) => z.sub(z.mean(1).reshape([7, 1])))).toThrow(message);
    expect(run((_h, z) => np.cumsum(z, 1))).toThrow(message);
    expect(run((_h, z) => np.broadcastTo(np.tanh(z).reshape([7, 1, 6]), [7, 2, 6]))).toThrow(message);
    expect(run((_h, z) => z.add(x.matmul(np.ones([4, 6], { dtype }))))).not.toThrow();
    expect(run((_h, z) => np.tanh(z).mul(2))).not.toThrow();
  });
});
