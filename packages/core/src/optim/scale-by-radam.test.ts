import { describe, expect, test } from 'vitest';
import type { NDArray } from '../array/ndarray';
import { ArgumentError } from '../errors';
import { expectClose } from '../nn/test-support';
import { array, zeros } from '../numpy/creation';
import { grad } from '../transforms/grad';
import { scaleByRadam } from './scale-by-radam';
import { double, gradients, updatesFor } from './test-support';

function lengthAt(beta2: number, t: number): number {
  return 2 / (1 - beta2) - 1 - (2 * t * beta2 ** t) / (1 - beta2 ** t);
}

/** Liu et al. 2020, algorithm 2, as it is printed, without the step size and with Adam's ε. */
function textbook(
  sequence: readonly number[],
  beta1: number,
  beta2: number,
  threshold: number,
  epsilon = 1e-8,
): number[] {
  const limit = 2 / (1 - beta2) - 1;
  let [m, v] = [0, 0];
  return sequence.map((g, i) => {
    const t = i + 1;
    v = beta2 * v + (1 - beta2) * g ** 2;
    m = beta1 * m + (1 - beta1) * g;
    const unbiased = m / (1 - beta1 ** t);
    const length = lengthAt(beta2, t);
    if (!(length > threshold)) return unbiased;
    const r = Math.sqrt(((length - 4) * (length - 2) * limit) / ((limit - 4) * (limit - 2) * length));
    return (r * unbiased) / (Math.sqrt(v / (1 - beta2 ** t)) + epsilon);
  });
}

describe('scaleByRadam', () => {
  test('is the algorithm of the paper', () => {
    expectClose(updatesFor(scaleByRadam(), gradients), textbook(gradients, 0.9, 0.999, 4), 1e-9);
    expectClose(
      updatesFor(scaleByRadam({ beta1: 0.5, beta2: 0.9, threshold: 5 }), gradients),
      textbook(gradients, 0.5, 0.9, 5),
      1e-9,
    );
  });

  test('is rectified from step 5 on: ρ₄ = 3.998 is not above 4, ρ₅ = 4.996 is', () => {
    expect(lengthAt(0.999, 4)).toBeLessThan(4);
    expect(lengthAt(0.999, 5)).toBeGreaterThan(4);
    const small = new Array<number>(6).fill(1e-3);
    const updates = updatesFor(scaleByRadam(), small);
    // Without rectification the update is the mean gradient, with it about r times its sign.
    expectClose(updates.slice(0, 4), [1e-3, 1e-3, 1e-3, 1e-3], 1e-12);
    const r = Math.sqrt(
      ((lengthAt(0.999, 5) - 4) * (lengthAt(0.999, 5) - 2) * 1999) / (1995 * 1997 * lengthAt(0.999, 5)),
    );
    expectClose([updates[4] as number], [r], 2e-5);
    expect(r).toBeGreaterThan(10 * 1e-3);
  });

  test("is rectified from step 6 on with the authors' threshold", () => {
    const updates = updatesFor(scaleByRadam({ threshold: 5 }), new Array<number>(6).fill(1e-3));
    expectClose(updates.slice(0, 5), new Array(5).fill(1e-3), 1e-12);
    expect(updates[5]).toBeGreaterThan(0.01);
  });

  test('knows the length in float32, where its formula cancels', () => {
    // ρ₄ lies 0.00025 below 4 here, and ρ∞ is 19999, whose float32 neighbours are 0.002 away.
    for (const beta2 of [0.999, 0.9999]) {
      const transform = scaleByRadam({ beta2, epsilon: 1e-30 });
      let state = transform.init(zeros([]));
      const expected = textbook(new Array(400).fill(0.25), 0.9, beta2, 4);
      for (let t = 0; t < 400; t++) {
        const [updates, next] = transform.update(array(0.25), state);
        state = next;
        expectClose(updates, [expected[t] as number], 2e-5, 0);
      }
    }
  });

  test('never rectifies where the average is too short', () => {
    expectClose(updatesFor(scaleByRadam({ beta2: 0.5 }), gradients), textbook(gradients, 0.9, 0.5, 4), 1e-12);
    expectClose(updatesFor(scaleByRadam({ beta2: 0 }), gradients), textbook(gradients, 0.9, 0, 4), 1e-12);
    const transform = scaleByRadam({ beta2: 0 });
    const slope = grad((g: NDArray) => transform.update(g, transform.init(g))[0])(double(3)) as NDArray;
    expectClose(slope, [1], 1e-12);
  });

  test('tends to Adam', () => {
    const constant = new Array<number>(20000).fill(2);
    const last = textbook(constant, 0.9, 0.999, 4).at(-1) as number;
    expect(last).toBeCloseTo(1, 4);
    const transform = scaleByRadam();
    const state = { ...transform.init(zeros([], { dtype: 'float64' })), count: array(19999, { dtype: 'int32' }) };
    const filled = { ...state, mean: array(2, { dtype: 'float64' }), meanSquare: array(4, { dtype: 'float64' }) };
    expectClose(transform.update(array(2, { dtype: 'float64' }), filled)[0], [last], 1e-7);
  });

  test('refuses thresholds for which r is not real', () => {
    expect(() => scaleByRadam({ threshold: 3.9 })).toThrow(
      new ArgumentError('optim.scaleByRadam: expected threshold to be a finite number of 4 or more, got 3.9'),
    );
    expect(() => scaleByRadam({ beta2: 1 })).toThrow(
      'optim.scaleByRadam: expected beta2 to be a number of 0 or more, below 1, got 1',
    );
  });
});
