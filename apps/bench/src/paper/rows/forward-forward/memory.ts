import { np, random } from '@forback/core';
import {
  activityMemory,
  backpropagation,
  denseStack,
  forwardForward,
  uniformWrongLabels,
} from '@forback/forward-forward';
import { experiment, row } from '../../row';
import { above, below, reportOnly } from '../../rule';

interface MemorySettings {
  readonly units: number;
  readonly batch: number;
}

/** MB of activities that a training step holds at once, by its program. */
const memory = experiment({
  name: 'activity-memory',
  full: { settings: { units: 500, batch: 100 }, seeds: 1, seconds: 5, memory: 500 },
  quick: { settings: { units: 500, batch: 100 }, seeds: 1, seconds: 5, memory: 500 },
  async run(seed, { units, batch }: MemorySettings) {
    const images = random.uniform(random.key(seed), { shape: [batch, 784] });
    const labels = np.mod(np.arange(batch), 10);
    const key = random.key(seed);
    const layersOf = (depth: number) => denseStack([784, ...new Array<number>(depth).fill(units)]);
    const forward = (depth: number) => {
      const model = forwardForward({
        layers: layersOf(depth),
        classes: 10,
        head: false,
        negatives: uniformWrongLabels(),
      });
      return activityMemory(batch, (s) => model.step(s, images, labels), model.init(key, images)) / 1e6;
    };
    const backward = (depth: number) => {
      const model = backpropagation({ layers: layersOf(depth), classes: 10 });
      return activityMemory(batch, (s) => model.step(s, images, labels), model.init(key, images)) / 1e6;
    };
    return { forward4: forward(4), forward16: forward(16), backward4: backward(4), backward16: backward(16) };
  },
});

const growth = {
  unit: 'times the memory of 4 layers',
  better: 'lower',
  published: null,
  source: 'follows from local losses; the papers give no comparable figure for dense layers',
  from: { memory },
} as const;
const size = { ...growth, unit: 'MB of activities' } as const;

export const memoryRows = [
  row({
    ...size,
    name: 'memory-16-layers',
    claim:
      'Activities that a step on 16 layers of 500 holds at once, batch 100: Forward-Forward without a softmax head',
    value: ({ memory }) => memory.forward16,
    rule: reportOnly(),
  }),
  row({
    ...size,
    name: 'memory-16-layers-backpropagation',
    claim: 'The same by backpropagation',
    value: ({ memory }) => memory.backward16,
    rule: reportOnly(),
  }),
  row({
    ...growth,
    name: 'memory-growth',
    claim: 'From 4 to 16 layers the memory of Forward-Forward does not grow',
    value: ({ memory }) => memory.forward16 / memory.forward4,
    rule: below(1.01, { standardErrors: 0 }),
  }),
  row({
    ...growth,
    name: 'memory-growth-backpropagation',
    claim: 'From 4 to 16 layers the memory of backpropagation grows more than threefold',
    value: ({ memory }) => memory.backward16 / memory.backward4,
    rule: above(3, { standardErrors: 0 }),
  }),
];
