import { describe, expectTypeOf, test } from 'vitest';
import type { NDArray } from '../array/ndarray';
import * as optim from '.';

interface Params {
  layers: { weight: NDArray; bias: NDArray }[];
  scale: NDArray;
}

declare const params: Params;
declare const gradients: Params;

describe('updates', () => {
  test('have the type of the gradients', () => {
    const optimiser = optim.adam();
    const [updates, state] = optimiser.update(gradients, optimiser.init(params), params);
    expectTypeOf(updates).toEqualTypeOf<Params>();
    expectTypeOf(state).toEqualTypeOf<[optim.AdamState, optim.ScheduleState | null]>();
    expectTypeOf(optim.applyUpdates(params, updates)).toEqualTypeOf<Params>();
  });

  test('are not mixed up with other trees', () => {
    // @ts-expect-error the parameters are not those of the gradients
    optim.sgd({ learningRate: 1 }).update(gradients, [null, null], { weight: gradients.scale });
  });
});

describe('states', () => {
  test('of a chain are a tuple in its order', () => {
    const chained = optim.chain(
      optim.clipByGlobalNorm(1),
      optim.trace({ decay: 0.9 }),
      optim.sgd({ learningRate: 0.1 }),
    );
    expectTypeOf(chained.init(params)).toEqualTypeOf<
      [null, optim.TraceState, [optim.TraceState | null, optim.ScheduleState | null]]
    >();
  });

  test('fit transforms of any state', () => {
    const any: optim.GradientTransform[] = [optim.adamw(), optim.radam(), optim.rmsprop(), optim.identity()];
    expectTypeOf(optim.chain(...any).init(params)).toEqualTypeOf<unknown[]>();
  });
});

test('schedules take counters and numbers, and give arrays', () => {
  const schedule = optim.schedules.cosineDecay({ from: 1, steps: 10 });
  expectTypeOf(schedule).toExtend<optim.Schedule>();
  expectTypeOf(schedule(3)).toEqualTypeOf<NDArray>();
  expectTypeOf(optim.sgd).toBeCallableWith({ learningRate: schedule });
  expectTypeOf(optim.sgd).toBeCallableWith({ learningRate: (step: NDArray) => step.mul(0.1) });
  // @ts-expect-error there is no default learning rate
  optim.sgd({});
});
