import { expect, test } from 'vitest';
import { ArgumentError } from '../errors';
import { expectClose } from '../nn/test-support';
import { gradients, updatesFor } from './test-support';
import { trace } from './trace';

test('is m ← g + decay · m', () => {
  let m = 0;
  expectClose(
    updatesFor(trace({ decay: 0.9 }), gradients),
    gradients.map((g) => (m = g + 0.9 * m)),
    1e-14,
  );
});

test("is g + decay · m with Nesterov's look ahead", () => {
  let m = 0;
  const expected = gradients.map((g) => {
    m = g + 0.9 * m;
    return g + 0.9 * m;
  });
  expectClose(updatesFor(trace({ decay: 0.9, nesterov: true }), gradients), expected, 1e-14);
});

test('is the sum of decayed gradients, 1 / (1 − decay) times their moving average', () => {
  const decay = 0.8;
  const last = updatesFor(trace({ decay }), gradients).at(-1) as number;
  const n = gradients.length;
  expectClose([last], [gradients.reduce((sum, g, i) => sum + g * decay ** (n - 1 - i), 0)], 1e-14);
  let average = 0;
  for (const g of gradients) average = decay * average + (1 - decay) * g;
  expectClose([last * (1 - decay)], [average], 1e-14);
  expectClose([updatesFor(trace({ decay }), new Array(200).fill(1)).at(-1) as number], [5], 1e-14);
});

test('decay 0 hands the gradients through', () => {
  expect(updatesFor(trace({ decay: 0 }), gradients)).toEqual(gradients);
});

test('refuses decays outside [0, 1)', () => {
  for (const decay of [1, -0.1, Number.NaN]) {
    expect(() => trace({ decay })).toThrow(
      new ArgumentError(`optim.trace: expected decay to be a number of 0 or more, below 1, got ${decay}`),
    );
  }
});
