import { describe, test } from 'vitest';
import { expectReference } from '../../../test/support/engines';
import { forAll } from '../../../test/support/sampler';
import { extreme, values } from '../../../test/support/values';
import { numbers } from '../../array/dtype';
import { cumsum } from '../../primitives/cumulative';

describe('cumsum gives the bits of the reference', () => {
  test('along any axis, from either end', () => {
    forAll(100, (s) => {
      const shape = s.pick([[300], [40, 16], [7, 50], [2, 30, 37], [3, 5, 20], [20, 5, 3]]);
      const x = values(shape, s.pick(numbers), s.seed(), { odd: s.pick([[], extreme]) });
      const [axis, reverse] = [s.int(0, shape.length - 1), s.bool()];
      expectReference((v) => cumsum(v, axis, reverse), [x]);
    });
  });

  test.each(numbers)('on several threads for %s', (dtype) => {
    const x = values([400, 500], dtype, 1);
    expectReference((v) => [cumsum(v, 0, false), cumsum(v, 1, true)], [x]);
  });
});
