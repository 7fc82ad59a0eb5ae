import { np, random } from '@forback/core';
import { expect, test } from 'vitest';
import { activityMemory } from './activity-memory';
import { backpropagation } from './backpropagation';
import { denseStack } from './dense-stack';
import { forwardForward } from './forward-forward';
import { uniformWrongLabels } from './negatives';

test('counts what is alive at once', () => {
  // a and b (4 bytes · 10 · 3 each) are alive together, then only the sum.
  const f = (x: ReturnType<typeof np.ones>) => {
    const a = np.exp(x);
    const b = np.sin(x);
    return a.add(b).sum();
  };
  expect(activityMemory(10, f, np.ones([10, 3]))).toBe(3 * 120);
  // A result lives on: both of these, though nothing reads the second and the sum has read the first.
  const both = (x: ReturnType<typeof np.ones>) => {
    const a = np.exp(x);
    return [a, a.sum(), np.sin(x)];
  };
  expect(activityMemory(10, both, np.ones([10, 3]))).toBe(2 * 120);
  expect(() => activityMemory(11, f, np.ones([10, 3]))).toThrow(/no input of the function has 11 rows/);
});

test('a step with local losses holds the activities of one layer, whatever the depth; backpropagation those of all', () => {
  const batch = 37;
  const images = random.uniform(random.key(1), { shape: [batch, 30] });
  const labels = np.mod(np.arange(batch), 4);
  const bytes = (depth: number, kind: 'local' | 'backpropagation') => {
    const layers = denseStack([30, ...new Array<number>(depth).fill(24)]);
    const negatives = uniformWrongLabels();
    if (kind === 'local') {
      const model = forwardForward({ layers, classes: 4, negatives, head: false });
      return activityMemory(batch, (state) => model.step(state, images, labels), model.init(random.key(2), images));
    }
    const model = backpropagation({ layers, classes: 4 });
    return activityMemory(batch, (state) => model.step(state, images, labels), model.init(random.key(2), images));
  };
  expect(bytes(16, 'local')).toBe(bytes(4, 'local'));
  expect(bytes(16, 'backpropagation')).toBeGreaterThan(3 * bytes(4, 'backpropagation'));
  expect(bytes(16, 'local')).toBeLessThan(bytes(16, 'backpropagation'));
});
