import type { NDArray } from '@forback/core';
import { checkedSteps, type Prepared } from './participant';
import { toTensors } from './tensors';

/** Training that keeps its own state: `run` makes a step and gives its loss. */
export interface Steps {
  reset(): void;
  run(): NDArray;
  params(): Record<string, NDArray>;
}

export function prepareSteps({ reset, run, params }: Steps): Prepared {
  return {
    async results() {
      reset();
      let value = run();
      for (let i = 1; i < checkedSteps; i++) value = run();
      return toTensors({ loss: value, ...params() });
    },
    reset,
    iterate(count) {
      let value: NDArray | undefined;
      for (let i = 0; i < count; i++) value = run();
      value?.item();
    },
  };
}
