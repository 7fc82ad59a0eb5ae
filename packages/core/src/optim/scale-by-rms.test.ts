import { expect, test } from 'vitest';
import { ArgumentError } from '../errors';
import { expectClose } from '../nn/test-support';
import { scaleByRms } from './scale-by-rms';
import { gradients, updatesFor } from './test-support';

test('is g / (√v + ε)', () => {
  for (const [decay, epsilon] of [
    [0.9, 1e-8],
    [0.5, 0.1],
  ] as const) {
    let v = 0;
    const expected = gradients.map((g) => {
      v = decay * v + (1 - decay) * g ** 2;
      return g / (Math.sqrt(v) + epsilon);
    });
    expectClose(updatesFor(scaleByRms({ decay, epsilon }), gradients), expected, 1e-12);
  }
});

test('tends to the sign of a constant gradient', () => {
  expectClose([updatesFor(scaleByRms(), new Array(300).fill(-7)).at(-1) as number], [-1], 1e-8);
});

test('refuses unusable options', () => {
  expect(() => scaleByRms({ decay: 1 })).toThrow(
    new ArgumentError('optim.scaleByRms: expected decay to be a number of 0 or more, below 1, got 1'),
  );
  expect(() => scaleByRms({ epsilon: -1 })).toThrow(
    'optim.scaleByRms: expected epsilon to be a finite number above 0, got -1',
  );
});
