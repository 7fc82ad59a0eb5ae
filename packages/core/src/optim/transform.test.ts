import { expect, test } from 'vitest';
import { ArgumentError } from '../errors';
import { array } from '../numpy/creation';
import { clipByValue } from './clip';
import { scale } from './scale';
import { gradients, updatesFor } from './test-support';
import { trace } from './trace';
import { chain, identity } from './transform';
import { addDecayedWeights } from './weight-decay';

test('identity hands the gradients through', () => {
  expect(updatesFor(identity(), gradients)).toEqual(gradients);
});

test('chain applies its transforms in order, each with its own state', () => {
  const clipped = gradients.map((g) => Math.max(-1, Math.min(1, g)) * -0.5);
  expect(updatesFor(chain(clipByValue(1), scale(-0.5)), gradients)).toEqual(clipped);
  const double = chain(trace({ decay: 0.5 }), trace({ decay: 0.25 }));
  let [first, second] = [0, 0];
  const expected = gradients.map((g) => {
    first = g + 0.5 * first;
    second = first + 0.25 * second;
    return second;
  });
  expect(updatesFor(double, gradients)).toEqual(expected);
  expect(updatesFor(chain(chain(trace({ decay: 0.5 })), chain(trace({ decay: 0.25 }))), gradients)).toEqual(expected);
});

test('chain hands the parameters to each transform', () => {
  const [updates] = chain(identity(), addDecayedWeights({ weightDecay: 0.5 })).update(
    array([1, 2]),
    [null, null],
    array([4, 8]),
  );
  expect(updates.toJS()).toEqual([3, 6]);
});

test('chain says what is wrong', () => {
  expect(() => chain()).toThrow(
    new ArgumentError('optim.chain: expected at least one transform, got none; identity() hands gradients through'),
  );
  expect(() => chain(identity as never)).toThrow(
    'optim.chain: expected transform 0 to have init and update, got function; did you forget to call it?',
  );
  expect(() => chain(identity()).update(array(1), undefined as never)).toThrow(
    'optim.chain: expected the state of 1 transforms, got undefined; make it with init(params)',
  );
  expect(() => chain(identity(), scale(1)).update(array(1), [null] as never)).toThrow(
    'expected the state of 2 transforms, got a list of 1',
  );
});
