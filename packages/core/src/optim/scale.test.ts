import { describe, expect, test } from 'vitest';
import { ArgumentError } from '../errors';
import { expectClose } from '../nn/test-support';
import { array } from '../numpy/creation';
import { scale, scaleByLearningRate, scaleBySchedule } from './scale';
import { constant, linear } from './schedules';
import { gradients, updatesFor } from './test-support';

test('scale multiplies', () => {
  expect(updatesFor(scale(3), gradients)).toEqual(gradients.map((g) => 3 * g));
});

test('scaleBySchedule counts from 0', () => {
  const ramp = linear({ from: 1, to: 0, steps: 4 });
  const expected = gradients.map((g, t) => g * Math.max(0, 1 - t / 4));
  expectClose(updatesFor(scaleBySchedule(ramp), gradients), expected, 1e-15);
  expectClose(
    updatesFor(
      scaleBySchedule((step) => step.add(1)),
      gradients,
    ),
    gradients.map((g, t) => g * (t + 1)),
    1e-15,
  );
  expectClose(
    updatesFor(
      scaleBySchedule(() => 2),
      gradients,
    ),
    gradients.map((g) => 2 * g),
    1e-15,
  );
});

describe('scaleByLearningRate', () => {
  test('goes downhill by a number or a schedule', () => {
    expect(updatesFor(scaleByLearningRate(0.5), gradients)).toEqual(gradients.map((g) => -0.5 * g));
    expect(updatesFor(scaleByLearningRate(constant(0.5)), gradients)).toEqual(gradients.map((g) => -0.5 * g));
  });

  test('keeps the dtype of each gradient', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      for (const rate of [0.5, constant(0.5)]) {
        const transform = scaleByLearningRate(rate);
        expect(transform.update(array(1, { dtype }), transform.init(null))[0].dtype).toBe(dtype);
      }
    }
  });

  test('refuses negative and missing rates', () => {
    for (const rate of [-1, Number.NaN, Number.POSITIVE_INFINITY, undefined as never]) {
      expect(() => scaleByLearningRate(rate)).toThrow(
        new ArgumentError(
          `optim.scaleByLearningRate: expected learningRate to be a finite number of 0 or more, or a schedule, got ${rate}`,
        ),
      );
    }
    expect(() => scale(Number.NaN)).toThrow('optim.scale: expected factor to be a finite number, got NaN');
    expect(() => scaleBySchedule(0.1 as never)).toThrow(
      'optim.scaleBySchedule: expected schedule to be a function, got number',
    );
  });
});
