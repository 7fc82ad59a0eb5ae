import { grad, jit, type NDArray, nn, np, optim, random } from '@forback/core';
import { describe, expect, test } from 'vitest';
import { pepitaFeedback, pepitaGrad } from '../src/index';
import { expectClose, expectSameBits } from './close';

const dtype = 'float64';
const draw = (seed: number, shape: readonly number[]) => random.normal(random.key(seed), { shape, dtype });
const layer = { apply: (w: NDArray, h: NDArray) => h.matmul(w) };
const layers = [layer, layer, layer] as const;
const params = [draw(1, [4, 6]), draw(2, [6, 5]), draw(3, [5, 3])] as const;
const x = draw(4, [7, 4]);
const targets = nn.oneHot(np.mod(np.arange(7), 3), 3).astype(dtype);
const feedback = draw(5, [3, 4]).mul(0.1);

function activities(input: NDArray): [NDArray, NDArray, NDArray] {
  const first = nn.relu(input.matmul(params[0]));
  const second = nn.relu(first.matmul(params[1]));
  return [first, second, nn.softmax(second.matmul(params[2]))];
}
const clean = activities(x);
const error = clean[2].sub(targets);

describe('pepitaGrad', () => {
  test.each([
    ['add', 'modulated'],
    ['subtract', 'clean'],
  ] as const)('the equations, with x %s F e and the %s error', (modulation, outputError) => {
    const input = x.add(error.matmul(feedback).mul(modulation === 'add' ? 1 : -1));
    const second = activities(input);
    const { gradient, output } = pepitaGrad(layers, { feedback, modulation, outputError })(params, x, targets);
    expectSameBits(output, clean[2]);
    expectClose(gradient, [
      input.T.matmul(clean[0].sub(second[0])).div(7),
      second[0].T.matmul(clean[1].sub(second[1])).div(7),
      second[1].T.matmul(outputError === 'modulated' ? second[2].sub(targets) : error).div(7),
    ]);
  });

  test('the Hebbian form', () => {
    const input = x.add(error.matmul(feedback));
    const second = activities(input);
    const { gradient } = pepitaGrad(layers, { feedback, form: 'hebbian' })(params, x, targets);
    expectClose(gradient, [
      x.T.matmul(clean[0]).sub(input.T.matmul(second[0])).div(7),
      clean[0].T.matmul(clean[1]).sub(second[0].T.matmul(second[1])).div(7),
      clean[1].T.matmul(clean[2]).sub(second[1].T.matmul(targets)).div(7),
    ]);
  });

  test('12: without F hidden layers stand still and the last backpropagates', () => {
    const { gradient } = pepitaGrad(layers, { feedback: feedback.mul(0) })(params, x, targets);
    expectSameBits(gradient.slice(0, 2), [np.zerosLike(params[0]), np.zerosLike(params[1])]);
    const loss = (w: NDArray) => nn.losses.softmaxCrossEntropy(clean[1].matmul(w), np.argmax(targets, 1)).mean();
    expectClose(gradient[2], grad(loss)(params[2]), 1e-11);
  });

  test('12: for small F it is adaptive feedback alignment: −(W₁ F e) behind open gates', () => {
    const epsilon = 1e-7;
    const open = clean[0].greater(0).astype(dtype);
    const signal = error.matmul(feedback).matmul(params[0]).mul(open).neg();
    const adaptive = pepitaGrad(layers, { feedback, form: 'adaptive' })(params, x, targets).gradient;
    expectClose(adaptive[0], x.T.matmul(signal).div(7));
    const small = pepitaGrad(layers, { feedback: feedback.mul(epsilon) })(params, x, targets).gradient;
    expectClose(small[0].div(epsilon), adaptive[0], 1e-6);
    expectClose(small[1].div(epsilon), adaptive[1], 1e-6);
  });

  test('a convolution averages over positions, and dropout drops the same units in both passes', () => {
    const conv = {
      apply: (w: NDArray, h: NDArray) => nn.functional.conv(h, w),
      follow: (h: NDArray) => h.reshape([h.shape[0] as number, -1]),
    };
    const images = draw(6, [5, 2, 4, 4]);
    const kernel = draw(7, [3, 2, 3, 3]);
    const head = draw(8, [12, 3]);
    const f = draw(9, [3, 32]).mul(0.1);
    const y = targets.slice([0, 5]);
    const { gradient } = pepitaGrad([conv, layer], { feedback: f })([kernel, head], images, y);
    const forward = (input: NDArray) => nn.relu(nn.functional.conv(input, kernel));
    const first = forward(images);
    const e = nn.softmax(first.reshape([5, 12]).matmul(head)).sub(y);
    const input = images.add(e.matmul(f).reshape(images.shape));
    const difference = first.sub(forward(input));
    const expected = grad((w: NDArray) => nn.functional.conv(input, w).mul(difference).sum())(kernel).div(5 * 4);
    expectClose(gradient[0], expected);
    // With the same mask in both passes a dropped unit never differs.
    const dropped = pepitaGrad(layers, { feedback, dropout: { rate: 0.5, key: random.key(1) } })(params, x, targets);
    const still = pepitaGrad(layers, { feedback: feedback.mul(0), dropout: { rate: 0.5, key: random.key(1) } });
    expectSameBits(still(params, x, targets).gradient[0], np.zerosLike(params[0]));
    expect(np.abs(dropped.gradient[0]).max().item()).toBeGreaterThan(0);
  });

  test('learns, compiled', () => {
    const sizes = [8, 32, 4];
    const inputs = random.uniform(random.key(20), { shape: [200, 8] });
    const labels = np.argmax(inputs.slice([0, 200], [0, 4]), 1);
    const y = nn.oneHot(labels, 4);
    const f = pepitaFeedback(random.key(21), 4, 8);
    const two = [layer, layer] as const;
    const optimiser = optim.sgd({ learningRate: 0.3 });
    let weights = sizes
      .slice(1)
      .map((out, i) => nn.initializers.heUniform(random.key(22 + i), [sizes[i] as number, out]));
    const step = jit((p: NDArray[]) => {
      const { gradient } = pepitaGrad(two, { feedback: f })(p as [NDArray, NDArray], inputs, y);
      return optim.applyUpdates(p, optimiser.update([...gradient], optimiser.init(p))[0]);
    });
    const accuracy = () =>
      nn.accuracy(nn.relu(inputs.matmul(weights[0] as NDArray)).matmul(weights[1] as NDArray), labels).item();
    for (let i = 0; i < 300; i++) weights = step(weights);
    expect(accuracy()).toBeGreaterThan(0.8);
  });

  test('errors', () => {
    expect(() => pepitaGrad([], { feedback })).toThrow(/at least one layer/);
    expect(() => pepitaGrad(layers, { feedback, form: 'oja' as 'hebbian' })).toThrow(/form to be one of .* got oja/);
    expect(() => pepitaGrad(layers, { feedback: feedback.T })(params, x, targets)).toThrow(
      /expected feedback \[classes, features\].* got \[4, 3\], \[7, 4\] and \[7, 3\]/,
    );
  });

  test('F has the scale of the released code', () => {
    const f = pepitaFeedback(random.key(1), 10, 784);
    const limit = 0.05 * Math.sqrt(6 / 784);
    expect(f.shape).toEqual([10, 784]);
    expect(np.abs(f).max().item()).toBeLessThanOrEqual(limit);
    // 7,840 uniform draws: the relative deviation of the standard deviation is 0.5 %.
    expect(np.sqrt(np.square(f).mean()).item() / (limit / Math.sqrt(3))).toBeCloseTo(1, 1.3);
  });
});
