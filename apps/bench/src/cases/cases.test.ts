import { expect, test } from 'vitest';
import { allCases } from '.';
import { stepFlops } from './train';

test('every case has a name of its own', () => {
  const names = allCases.map((c) => c.id);
  expect(new Set(names).size).toBe(names.length);
});

test.each(allCases.map((c) => [c.id, c] as const))('%s is consistent', (_, c) => {
  const inputs = c.inputs.map((x) => x.name);
  expect(new Set(inputs).size).toBe(inputs.length);
  expect(c.outputs.length).toBeGreaterThan(0);
  for (const { name, change, tolerance } of c.outputs) {
    expect(tolerance).toBeGreaterThan(0);
    if (change) expect(inputs).toContain(name);
  }
  if (c.metric.kind === 'memory') expect(c.fresh).toBeDefined();
});

test('a step needs two products in the first layer and three in the others', () => {
  expect(stepFlops([10, 100])).toBe(320);
  const digits = allCases.find((c) => c.id === 'mlp-784-256-256-10-sgd');
  expect(digits?.flops).toBe(2 * 128 * (2 * 784 * 256 + 3 * 256 * 256 + 3 * 256 * 10));
});
