import { grad, jit, type NDArray, nn, np, optim, random } from '@forback/core';
import { describe, expect, test } from 'vitest';
import {
  angle,
  mirrorPepita,
  pepitaAngle,
  pepitaFactors,
  pepitaFeedback,
  pepitaFeedbackOf,
  pepitaGrad,
  pepitaTimeLocal,
} from '../src/index';
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
    // One layer up, −(W₂ W₁) F e with the gates of the first layer in between.
    const above = signal.matmul(params[1]).mul(clean[1].greater(0).astype(dtype));
    expectClose(adaptive[1], clean[0].T.matmul(above).div(7));
    const { gradient } = pepitaGrad(layers, { feedback, form: 'adaptive', modulation: 'subtract' })(params, x, targets);
    expectClose(gradient[0], adaptive[0].neg());
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
    expect(() => pepitaGrad(layers, {} as never)(params, x, targets)).toThrow(
      /feedback to be an array .* got undefined/,
    );
    for (const make of [pepitaGrad, pepitaTimeLocal]) {
      expect(() => make(layers, { feedback, dropout: { rate: 1, key: random.key(1) } })).toThrow(
        /dropout.rate to be from 0 to below 1, got 1/,
      );
    }
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

describe('time-local updates', () => {
  test('without an update in between, the halves add up to the Hebbian form', () => {
    for (const modulation of ['add', 'subtract'] as const) {
      const { clean: first, modulated } = pepitaTimeLocal(layers, { feedback, modulation });
      const { gradient, output } = first(params, x);
      const second = modulated(params, x, targets, output);
      const whole = pepitaGrad(layers, { feedback, modulation, form: 'hebbian' })(params, x, targets);
      expectSameBits(output, whole.output);
      expectClose(
        gradient.map((g, i) => g.add(second[i] as NDArray)),
        whole.gradient,
      );
    }
  });

  test('the second pass runs through weights that the first has changed', () => {
    const { clean: first, modulated } = pepitaTimeLocal(layers, { feedback });
    const { gradient, output } = first(params, x);
    expectClose(gradient[1], clean[0].T.matmul(clean[1]).div(7));
    const between = [0, 1, 2].map((i) => (params[i] as NDArray).sub((gradient[i] as NDArray).mul(0.1)));
    const [w1, w2] = between as [NDArray, NDArray];
    const input = x.add(output.sub(targets).matmul(feedback));
    const h1 = nn.relu(input.matmul(w1));
    const h2 = nn.relu(h1.matmul(w2));
    const second = modulated(between as [NDArray, NDArray, NDArray], x, targets, output);
    expectClose(second, [input.T.matmul(h1).div(-7), h1.T.matmul(h2).div(-7), h2.T.matmul(targets).div(-7)]);
    expect(() => pepitaTimeLocal([], { feedback })).toThrow(/pepitaTimeLocal: expected at least one layer/);
  });
});

describe('mirrors for PEPITA', () => {
  const key = random.key(40);
  const factors = params.map((w, i) => draw(50 + i, w.shape));

  test('one step adds η xᵀ y / batch and decays', () => {
    const options = { key, learningRate: 0.2, decay: 0.5, noise: 0.3, batch: 6 };
    const after = mirrorPepita(layers, options)(params, factors);
    factors.forEach((factor, i) => {
      const w = params[i] as NDArray;
      const noise = random.normal(random.foldIn(key, i), { shape: [6, w.shape[0] as number], dtype }).mul(0.3);
      expectClose(after[i], factor.mul(0.9).add(noise.T.matmul(noise.matmul(w)).mul(0.2 / 6)));
    });
    expect(() => mirrorPepita(layers, options)(params, factors.slice(1))).toThrow(
      /a factor for each of 3 layers, got 2/,
    );
    expect(() => mirrorPepita([layer], options)([draw(1, [4, 5])], [draw(2, [4, 6])])).toThrow(
      /layer 0 to be dense, from \[n, 4\] to \[n, 6\] like its factor, got \[6, 5\] for n = 6/,
    );
  });

  test('many steps turn the product to that of the weights', () => {
    const run = (count: number) => {
      const step = jit((b: NDArray[], k: NDArray) =>
        mirrorPepita(layers, { key: k, learningRate: 0.3, decay: 0.1, noise: 1 })(params, b),
      );
      let found = pepitaFactors(key, [4, 6, 5, 3]).map((b) => b.astype(dtype));
      for (let i = 0; i < count; i++) found = step(found, random.foldIn(key, i));
      return pepitaAngle(layers, params, pepitaFeedbackOf(found)).item();
    };
    expect(run(0)).toBeGreaterThan(45);
    expect(run(100)).toBeLessThan(15);
  });

  test('F has the deviation of the released code, and the angle is that to the product of the weights', () => {
    const f = pepitaFeedbackOf(factors);
    expect(f.shape).toEqual([3, 4]);
    expect(np.sqrt(np.square(f.sub(f.mean())).mean()).item()).toBeCloseTo(0.05 * Math.sqrt(2 / 4), 12);
    const product = params[0].matmul(params[1]).matmul(params[2]);
    expect(pepitaAngle(layers, params, f).item()).toBeCloseTo(angle(product, f.T).item(), 10);
    expect(pepitaAngle(layers, params, product.T).item()).toBeLessThan(1e-5);
    const biased = { apply: ([w, b]: readonly [NDArray, NDArray], h: NDArray) => h.matmul(w).add(b) };
    const withBias = [params[0], draw(60, [6])] as const;
    expect(pepitaAngle([biased, layer, layer], [withBias, params[1], params[2]], f).item()).toBeCloseTo(
      angle(product, f.T).item(),
      8,
    );
    expect(() => pepitaFactors(key, [4])).toThrow(/widths of input and output at least, got 1/);
  });
});

test('training turns the product against Fᵀ with +F e and towards it with −F e, for PEPITA as for its adaptive limit', () => {
  const inputs = random.uniform(random.key(70), { shape: [150, 20] });
  const labels = np.argmax(inputs.slice([0, 150], [0, 3]), 1);
  const y = nn.oneHot(labels, 3);
  const two = [layer, layer] as const;
  const small = pepitaFeedback(random.key(71), 3, 20);
  const start = [20, 40].map((n, i) => nn.initializers.heUniform(random.key(72 + i), [n, i === 0 ? 40 : 3]));
  const train = (scale: number, modulation: 'add' | 'subtract', form: 'difference' | 'adaptive') => {
    const f = small.mul(scale);
    const step = jit((p: NDArray[]) => {
      const pair = p as [NDArray, NDArray];
      const { gradient } = pepitaGrad(two, { feedback: f, modulation, form })(pair, inputs, y);
      return p.map((w, i) => w.sub((gradient[i] as NDArray).mul(0.3)));
    });
    let p = start;
    for (let i = 0; i < 250; i++) p = step(p);
    const [w, v] = p as [NDArray, NDArray];
    return {
      angle: pepitaAngle(two, [w, v], f).item(),
      accuracy: nn.accuracy(nn.relu(inputs.matmul(w)).matmul(v), labels).item(),
    };
  };
  const before = pepitaAngle(two, start as [NDArray, NDArray], small).item();
  const gap = (scale: number) => {
    const [pepita, limit] = (['difference', 'adaptive'] as const).map((form) => {
      const [add, subtract] = [train(scale, 'add', form), train(scale, 'subtract', form)];
      expect(add.angle).toBeGreaterThan(before + 1);
      expect(subtract.angle).toBeLessThan(before - 1);
      expect(add.accuracy).toBeGreaterThan(0.6);
      return add.angle;
    });
    return Math.abs((pepita as number) - (limit as number));
  };
  // The smaller F, the closer the two.
  expect(gap(1)).toBeLessThan(gap(4) / 3);
});
