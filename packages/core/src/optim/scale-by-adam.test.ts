import { describe, expect, test } from 'vitest';
import { ArgumentError, ShapeError, TreeError } from '../errors';
import { elements, expectClose } from '../nn/test-support';
import { array, zeros } from '../numpy/creation';
import { type AdamMoments, scaleByAdam } from './scale-by-adam';
import { gradients, updatesFor } from './test-support';

/** Kingma and Ba 2015, algorithm 1, as it is printed, without the step size. */
function textbook(beta1: number, beta2: number, epsilon: number): number[] {
  let [m, v] = [0, 0];
  return gradients.map((g, i) => {
    const t = i + 1;
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g ** 2;
    return m / (1 - beta1 ** t) / (Math.sqrt(v / (1 - beta2 ** t)) + epsilon);
  });
}

describe('scaleByAdam', () => {
  test('is the algorithm of the paper', () => {
    expectClose(updatesFor(scaleByAdam(), gradients), textbook(0.9, 0.999, 1e-8), 1e-12);
    expectClose(
      updatesFor(scaleByAdam({ beta1: 0.5, beta2: 0.8, epsilon: 0.1 }), gradients),
      textbook(0.5, 0.8, 0.1),
      1e-12,
    );
    expectClose(updatesFor(scaleByAdam({ beta1: 0, beta2: 0, epsilon: 1e-3 }), gradients), textbook(0, 0, 1e-3), 1e-12);
  });

  test('starts with the sign of the gradient, whatever its size', () => {
    for (const g of [1e-3, 1, 1e6]) expectClose(updatesFor(scaleByAdam(), [g, g, g]), [1, 1, 1], 1e-4);
  });

  test('corrects the bias in float32 without cancellation', () => {
    const transform = scaleByAdam({ epsilon: 1e-30 });
    let state = transform.init(zeros([]));
    for (let t = 0; t < 3; t++) {
      const [updates, next] = transform.update(array(0.37), state);
      state = next;
      expectClose(updates, [1], 3e-7);
    }
  });

  test('works on each element and leaf, and gives zero gradients zero updates', () => {
    const transform = scaleByAdam();
    const params = { a: zeros([3]), b: [zeros([])] };
    const [updates, state] = transform.update({ a: array([1, -2, 0]), b: [array(5)] }, transform.init(params), params);
    expectClose(updates.a, [1, -1, 0], 1e-6);
    expectClose(updates.b[0] as never, [1], 1e-6);
    expect(state.count.item()).toBe(1);
    expect(state.count.dtype).toBe('int32');
    expectClose((state.mean as typeof params).a, [0.1, -0.2, 0], 1e-6);
    expectClose((state.meanSquare as typeof params).a, [0.001, 0.004, 0], 1e-6);
  });

  test('refuses a state of other parameters', () => {
    const transform = scaleByAdam();
    const state = transform.init({ a: zeros([2]) });
    expect(() => transform.update({ a: zeros([2, 1]) }, state)).toThrow(
      new ShapeError(
        'optim.scaleByAdam: expected the state to have the shapes of gradients, got float32[2] and float32[2, 1] at a',
      ),
    );
    expect(() => transform.update({ b: zeros([2]) }, state)).toThrow(TreeError);
    expect(elements((state.mean as { a: never }).a)).toEqual([0, 0]);
  });

  test.each<[AdamMoments, string]>([
    [{ beta1: 1 }, 'beta1 to be a number of 0 or more, below 1, got 1'],
    [{ beta2: -0.1 }, 'beta2 to be a number of 0 or more, below 1, got -0.1'],
    [{ epsilon: 0 }, 'epsilon to be a finite number above 0, got 0'],
    [{ epsilon: Number.NaN }, 'epsilon to be a finite number above 0, got NaN'],
  ])('refuses %o', (options, message) => {
    expect(() => scaleByAdam(options)).toThrow(new ArgumentError(`optim.scaleByAdam: expected ${message}`));
  });
});
