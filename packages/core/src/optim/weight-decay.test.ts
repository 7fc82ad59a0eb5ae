import { expect, test } from 'vitest';
import { ArgumentError } from '../errors';
import { array } from '../numpy/creation';
import { addDecayedWeights } from './weight-decay';

const params = [{ weight: array([2, 4]), bias: array([6]) }];
const gradients = [{ weight: array([1, 1]), bias: array([1]) }];

test('adds λ times the parameters', () => {
  const [updates] = addDecayedWeights({ weightDecay: 0.5 }).update(gradients, null, params);
  expect(updates.map((u) => [u.weight.toJS(), u.bias.toJS()])).toEqual([[[2, 3], [4]]]);
});

test('leaves masked parameters alone', () => {
  const seen: string[] = [];
  const mask = (path: string, leaf: { size: number }) => {
    seen.push(`${path}: ${leaf.size}`);
    return !path.endsWith('bias');
  };
  const [updates] = addDecayedWeights({ weightDecay: 0.5, mask }).update(gradients, null, params);
  expect(updates.map((u) => [u.weight.toJS(), u.bias.toJS()])).toEqual([[[2, 3], [1]]]);
  expect(seen).toEqual(['[0].bias: 1', '[0].weight: 2']);
});

test('needs the parameters', () => {
  expect(() => addDecayedWeights({ weightDecay: 0.5 }).update(gradients, null)).toThrow(
    new ArgumentError(
      'optim.addDecayedWeights: weight decay needs the parameters: call update(gradients, state, params)',
    ),
  );
});

test('refuses unusable options', () => {
  expect(() => addDecayedWeights({ weightDecay: -1 })).toThrow(
    'optim.addDecayedWeights: expected weightDecay to be a finite number of 0 or more, got -1',
  );
  expect(() => addDecayedWeights({ weightDecay: 1, mask: [true] as never })).toThrow(
    "expected mask to be a function of a parameter's path and array, got object",
  );
});
