import { describe, expect, test } from 'vitest';
import type { NDArray } from '../array/ndarray';
import { ArgumentError } from '../errors';
import { expectClose } from '../nn/test-support';
import { arange, array } from '../numpy/creation';
import { jit } from '../transforms/jit';
import { vmap } from '../transforms/vmap';
import * as schedules from './schedules';

const at = (schedule: schedules.StepSchedule, steps: number[]) => steps.map((step) => schedule(step).item());

test('constant', () => {
  expect(at(schedules.constant(0.5), [0, 1e6])).toEqual([0.5, 0.5]);
});

describe('linear', () => {
  test('goes from one value to the other, and stays there', () => {
    expect(at(schedules.linear({ from: 1, to: 3, steps: 4 }), [0, 1, 2, 3, 4, 5, 1e6])).toEqual([
      1, 1.5, 2, 2.5, 3, 3, 3,
    ]);
    expect(at(schedules.linear({ from: 8, to: 0, steps: 2, start: 10 }), [0, 10, 11, 12])).toEqual([8, 8, 4, 0]);
  });

  test('is exact at both ends', () => {
    expect(at(schedules.linear({ from: 0.1, to: 0.3, steps: 7 }), [0, 7])).toEqual([
      Math.fround(0.1),
      Math.fround(0.3),
    ]);
  });
});

describe('exponentialDecay', () => {
  test('is from · rate^(step / steps)', () => {
    const steps = [0, 1, 5, 10, 25];
    expectClose(
      at(schedules.exponentialDecay({ from: 2, rate: 0.5, steps: 10 }), steps),
      steps.map((t) => 2 * 0.5 ** (t / 10)),
      1e-6,
    );
    expectClose(
      at(schedules.exponentialDecay({ from: 2, rate: 0.5, steps: 1, start: 3 }), [0, 3, 4, 5]),
      [2, 2, 1, 0.5],
      0,
    );
  });

  test('goes down in stairs', () => {
    expect(at(schedules.exponentialDecay({ from: 8, rate: 0.5, steps: 3, staircase: true }), [0, 2, 3, 5, 6])).toEqual([
      8, 8, 4, 4, 2,
    ]);
  });

  test('stops at its limit, from either side', () => {
    expect(at(schedules.exponentialDecay({ from: 8, rate: 0.5, steps: 1, to: 3 }), [0, 1, 2, 9])).toEqual([8, 4, 3, 3]);
    expect(at(schedules.exponentialDecay({ from: 1, rate: 2, steps: 1, to: 3 }), [0, 1, 2])).toEqual([1, 2, 3]);
  });
});

describe('cosineDecay', () => {
  test('is half a cosine', () => {
    const steps = [0, 1, 2, 3, 4];
    const schedule = schedules.cosineDecay({ from: 2, steps: 4, to: 1 });
    expectClose(
      at(schedule, steps),
      steps.map((t) => 1 + 0.5 * (1 + Math.cos((Math.PI * t) / 4))),
      1e-6,
    );
    expect(at(schedule, [0, 4, 5, 1000])).toEqual([2, 1, 1, 1]);
    expect(at(schedules.cosineDecay({ from: 0.1, steps: 9 }), [0, 9])).toEqual([Math.fround(0.1), 0]);
  });
});

describe('warmupCosine', () => {
  const schedule = schedules.warmupCosine({ peak: 1, warmupSteps: 4, steps: 12, from: 0.2, to: 0.1 });

  test('rises in equal steps, then falls as a cosine over the rest', () => {
    expectClose(at(schedule, [0, 1, 2, 3, 4]), [0.2, 0.4, 0.6, 0.8, 1], 1e-6);
    expectClose(
      at(schedule, [6, 8, 10]),
      [6, 8, 10].map((t) => 0.1 + 0.45 * (1 + Math.cos((Math.PI * (t - 4)) / 8))),
      1e-6,
    );
    expect(at(schedule, [12, 13, 500])).toEqual([0.1, 0.1, 0.1].map(Math.fround));
  });

  test('starts at the peak without a warm-up', () => {
    const bare = schedules.warmupCosine({ peak: 1, warmupSteps: 0, steps: 8 });
    expectClose(at(bare, [0, 2, 4, 8]), at(schedules.cosineDecay({ from: 1, steps: 8 }), [0, 2, 4, 8]), 0);
  });
});

test('piecewise changes at its boundaries', () => {
  const schedule = schedules.piecewise({ boundaries: [2, 5], values: [3, 2, 1] });
  expect(at(schedule, [0, 1, 2, 4, 5, 99])).toEqual([3, 3, 2, 2, 1, 1]);
  expect(at(schedules.piecewise({ boundaries: [], values: [7] }), [0, 9])).toEqual([7, 7]);
});

test('all give float32 scalars for counters, compiled or mapped', () => {
  const all: schedules.StepSchedule[] = [
    schedules.constant(1),
    schedules.linear({ from: 1, to: 0, steps: 5 }),
    schedules.exponentialDecay({ from: 1, rate: 0.3, steps: 4, staircase: true, to: 0.1 }),
    schedules.cosineDecay({ from: 1, steps: 5 }),
    schedules.warmupCosine({ peak: 1, warmupSteps: 2, steps: 6 }),
    schedules.piecewise({ boundaries: [1, 3], values: [1, 2, 3] }),
  ];
  for (const schedule of all) {
    const compiled = jit((step: NDArray) => schedule(step));
    for (const dtype of ['int32', 'float32'] as const) {
      const steps = arange(0, 8, 1, { dtype });
      const values = at(schedule, [0, 1, 2, 3, 4, 5, 6, 7]);
      expect([...steps].map((step) => compiled(step).item())).toEqual(values);
      expect(Array.from(vmap(compiled)(steps).dataSync())).toEqual(values);
    }
    const value = schedule(array(1, { dtype: 'int32' }));
    expect([value.shape, value.dtype]).toEqual([[], 'float32']);
  }
});

test('unusable options are refused', () => {
  expect(() => schedules.constant(Number.NaN)).toThrow(
    new ArgumentError('optim.schedules.constant: expected value to be a finite number, got NaN'),
  );
  expect(() => schedules.linear({ from: 1, to: 0, steps: 0 })).toThrow(
    'optim.schedules.linear: expected steps to be a whole number of 1 or more, got 0',
  );
  expect(() => schedules.linear({ from: 1, to: Number.NaN, steps: 1 })).toThrow(
    'expected to to be a finite number, got NaN',
  );
  expect(() => schedules.exponentialDecay({ from: 1, rate: 0, steps: 1 })).toThrow(
    'expected rate to be a finite number above 0, got 0',
  );
  expect(() => schedules.cosineDecay({ from: 1, steps: 1.5 })).toThrow(
    'expected steps to be a whole number of 1 or more, got 1.5',
  );
  expect(() => schedules.warmupCosine({ peak: 1, warmupSteps: 5, steps: 5 })).toThrow(
    'expected steps to be a whole number of 6 or more, got 5',
  );
  expect(() => schedules.piecewise({ boundaries: [1], values: [1] })).toThrow(
    'optim.schedules.piecewise: expected one value more than boundaries, got 1 values and 1 boundaries',
  );
  expect(() => schedules.piecewise({ boundaries: [3, 3], values: [1, 2, 3] })).toThrow(
    'optim.schedules.piecewise: expected boundaries[1] to be a whole number of 4 or more, got 3',
  );
});
