import { describe, test } from 'vitest';
import { expectReference } from '../../../test/support/engines';
import { forAll } from '../../../test/support/sampler';
import { extreme, values } from '../../../test/support/values';
import { dtypes } from '../../array/dtype';
import { argsort } from '../../primitives/sort';

/** Many values tie, so that the order of equal ones shows. */
const few = (u: number) => Math.floor(u * 20) - 10;
const any = (u: number) => (u - 0.5) * 10 ** (40 * u - 20);

describe('argsort gives the order of the reference', () => {
  test('along any axis, with ties, NaN, infinities and zeros of both signs', () => {
    forAll(100, (s) => {
      const shape = s.pick([[300], [5, 60], [60, 5], [3, 49, 4], [20, 2, 48], [1, 2100], [2100, 2], [257, 1]]);
      const x = values(shape, s.pick(dtypes), s.seed(), { domain: s.pick([few, any]), odd: s.pick([[], extreme]) });
      const [axis, descending] = [s.int(0, shape.length - 1), s.bool()];
      expectReference((v) => argsort(v, axis, descending), [x]);
    });
  });

  test.each(dtypes)('of long lines of %s, which several threads sort', (dtype) => {
    const options = { domain: any, odd: extreme };
    expectReference((v) => argsort(v, 0, true), [values([140_001], dtype, 1, options)]);
    expectReference((v) => argsort(v, 0, false), [values([70_000, 2], dtype, 2, options)]);
  });

  test('where numbers differ in their last bits alone', () => {
    const close = (u: number) => (1 + Math.floor(u * 200) * 2 ** -52) * (u < 0.5 ? -1 : 1);
    const subnormal = (u: number) => Math.floor((u - 0.5) * 2 ** 34) * 2 ** -1074;
    for (const domain of [close, subnormal]) {
      for (const shape of [
        [30, 40],
        [2, 300],
        [1, 70_000],
      ]) {
        const x = values(shape, 'float64', 1, { domain, odd: extreme });
        expectReference((v) => [argsort(v, 1, false), argsort(v, 1, true), argsort(v, 0, true)], [x]);
      }
    }
  });

  test('of many lines', () => {
    expectReference((v) => argsort(v, 1, false), [values([700, 300], 'float32', 1)]);
    expectReference((v) => argsort(v, 0, false), [values([30, 9000], 'float32', 1)]);
  });
});
