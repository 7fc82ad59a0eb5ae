import { describe, expect, test } from 'vitest';
import { ArgumentError } from '../errors';
import { expectClose } from '../nn/test-support';
import { array } from '../numpy/creation';
import { adam, adamw, radam, rmsprop, sgd } from './optimizers';
import { exponentialDecay, linear } from './schedules';
import { descend } from './test-support';

// Each against its textbook recurrence on ½ · 3 x², starting at 2.
const slope = (x: number) => 3 * x;

function iterate(step: (x: number, g: number, t: number) => number, steps = 12): number[] {
  let x = 2;
  return Array.from({ length: steps }, (_, i) => {
    x = step(x, slope(x), i + 1);
    return x;
  });
}

describe('sgd', () => {
  test('is θ − η g', () => {
    expectClose(
      descend(sgd({ learningRate: 0.1 }), slope, 2, 12),
      iterate((x, g) => x - 0.1 * g),
      1e-14,
    );
  });

  test('is heavy-ball momentum', () => {
    let velocity = 0;
    const expected = iterate((x, g) => {
      velocity = 0.9 * velocity + g;
      return x - 0.1 * velocity;
    });
    expectClose(descend(sgd({ learningRate: 0.1, momentum: 0.9 }), slope, 2, 12), expected, 1e-13);
  });

  test("is Nesterov's accelerated gradient", () => {
    // Sutskever et al. 2013, equations 3 and 4: v ← μ v − η ∇f(θ + μ v), θ ← θ + v, seen from the points θ + μ v.
    let [theta, v] = [2, 0];
    const expected = Array.from({ length: 12 }, () => {
      v = 0.9 * v - 0.1 * slope(theta + 0.9 * v);
      theta += v;
      return theta + 0.9 * v;
    });
    expectClose(descend(sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }), slope, 2, 12), expected, 1e-13);
  });

  test('follows a schedule', () => {
    const learningRate = linear({ from: 0.25, to: 0, steps: 8 });
    expectClose(
      descend(sgd({ learningRate }), slope, 2, 12),
      iterate((x, g, t) => x - 0.25 * Math.max(0, 1 - (t - 1) / 8) * g),
      1e-13,
    );
  });

  test('does nothing at learning rate 0', () => {
    expect(descend(sgd({ learningRate: 0 }), slope, 2, 2)).toEqual([2, 2]);
  });
});

/** Kingma and Ba 2015, algorithm 1, with the decoupled decay of Loshchilov and Hutter 2019. */
function adamSteps(learningRate: number, beta1: number, beta2: number, decay: number): number[] {
  let [m, v] = [0, 0];
  return iterate((x, g, t) => {
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    const direction = m / (1 - beta1 ** t) / (Math.sqrt(v / (1 - beta2 ** t)) + 1e-8);
    return x - learningRate * (direction + decay * x);
  });
}

describe('adam and adamw', () => {
  test('are the algorithms of the papers', () => {
    expectClose(descend(adam(), slope, 2, 12), adamSteps(1e-3, 0.9, 0.999, 0), 1e-13);
    expectClose(
      descend(adam({ learningRate: 0.3, beta1: 0.5, beta2: 0.7 }), slope, 2, 12),
      adamSteps(0.3, 0.5, 0.7, 0),
      1e-12,
    );
    expectClose(descend(adamw({ learningRate: 0.3 }), slope, 2, 12), adamSteps(0.3, 0.9, 0.999, 0.01), 1e-12);
    expectClose(
      descend(adamw({ learningRate: 0.3, weightDecay: 0.5 }), slope, 2, 12),
      adamSteps(0.3, 0.9, 0.999, 0.5),
      1e-12,
    );
  });

  test('decay does not pass through the moments', () => {
    // Without a gradient the weights shrink by 1 − η λ each step; an L2 penalty would give Adam steps of size η.
    expectClose(
      descend(adamw({ learningRate: 0.1, weightDecay: 0.2 }), () => 0, 2, 5),
      [1, 2, 3, 4, 5].map((t) => 2 * 0.98 ** t),
      1e-14,
    );
  });

  test('the mask spares parameters', () => {
    const optimiser = adamw({ learningRate: 0.1, weightDecay: 0.5, mask: (path) => path === 'w' });
    const params = { w: array([1, 2]), b: array([3]) };
    const zero = { w: array([0, 0]), b: array([0]) };
    const [updates] = optimiser.update(zero, optimiser.init(params), params);
    expectClose(updates.w, [-0.05, -0.1], 1e-6);
    expectClose(updates.b, [0], 0);
  });
});

test('radam is that of the paper', () => {
  let [m, v] = [0, 0];
  const expected = iterate((x, g, t) => {
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    const length = 1999 - (2 * t * 0.999 ** t) / (1 - 0.999 ** t);
    const unbiased = m / (1 - 0.9 ** t);
    if (length <= 4) return x - 0.05 * unbiased;
    const r = Math.sqrt(((length - 4) * (length - 2) * 1999) / (1995 * 1997 * length));
    return x - (0.05 * r * unbiased) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
  });
  expectClose(descend(radam({ learningRate: 0.05 }), slope, 2, 12), expected, 1e-10);
});

describe('rmsprop', () => {
  test('is that of the lecture', () => {
    let v = 0;
    const expected = iterate((x, g) => {
      v = 0.9 * v + 0.1 * g * g;
      return x - (0.01 * g) / (Math.sqrt(v) + 1e-8);
    });
    expectClose(descend(rmsprop({ learningRate: 0.01 }), slope, 2, 12), expected, 1e-13);
  });

  test('carries momentum behind the scaling', () => {
    let [v, m] = [0, 0];
    const expected = iterate((x, g) => {
      v = 0.9 * v + 0.1 * g * g;
      m = 0.5 * m + g / (Math.sqrt(v) + 1e-8);
      return x - 0.01 * m;
    });
    expectClose(descend(rmsprop({ learningRate: 0.01, momentum: 0.5 }), slope, 2, 12), expected, 1e-13);
  });
});

test('every optimiser takes a schedule', () => {
  const learningRate = exponentialDecay({ from: 0.1, rate: 0.5, steps: 2 });
  for (const make of [sgd, adam, adamw, radam, rmsprop]) {
    const still = descend(make({ learningRate: () => 0 }), slope, 2, 3);
    expect(still).toEqual([2, 2, 2]);
    const moving = descend(make({ learningRate }), slope, 2, 10);
    expect(Math.abs(moving.at(-1) as number)).toBeLessThan(2);
  }
});

describe('unusable options', () => {
  const optimisers = { sgd, adam, adamw, radam, rmsprop };

  test.each(Object.entries(optimisers))('%s refuses learning rates that are negative or NaN', (name, make) => {
    for (const learningRate of [-1e-3, Number.NaN, Number.POSITIVE_INFINITY, '0.1' as never]) {
      expect(() => make({ learningRate })).toThrow(
        new ArgumentError(
          `optim.${name}: expected learningRate to be a finite number of 0 or more, or a schedule, got ${learningRate}`,
        ),
      );
    }
  });

  test('are refused in the name of the optimiser', () => {
    expect(() => sgd({ learningRate: 1, momentum: 1 })).toThrow(
      'optim.sgd: expected momentum to be a number of 0 or more, below 1, got 1',
    );
    expect(() => sgd({ learningRate: 1, nesterov: true })).toThrow(
      'optim.sgd: nesterov needs a momentum above 0, got 0',
    );
    expect(() => adam({ beta1: 1.5 })).toThrow(
      'optim.adam: expected beta1 to be a number of 0 or more, below 1, got 1.5',
    );
    expect(() => adamw({ weightDecay: Number.NaN })).toThrow(
      'optim.adamw: expected weightDecay to be a finite number of 0 or more, got NaN',
    );
    expect(() => adamw({ epsilon: 0 })).toThrow('optim.adamw: expected epsilon to be a finite number above 0, got 0');
    expect(() => radam({ threshold: 0 })).toThrow(
      'optim.radam: expected threshold to be a finite number of 4 or more, got 0',
    );
    expect(() => rmsprop({ decay: -1 })).toThrow(
      'optim.rmsprop: expected decay to be a number of 0 or more, below 1, got -1',
    );
    expect(() => rmsprop({ momentum: 2 })).toThrow(
      'optim.rmsprop: expected momentum to be a number of 0 or more, below 1, got 2',
    );
  });
});
