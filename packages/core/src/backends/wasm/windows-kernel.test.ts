import { describe, test } from 'vitest';
import { expectReference } from '../../../test/support/engines';
import { forAll } from '../../../test/support/sampler';
import { extreme, values } from '../../../test/support/values';
import { numbers } from '../../array/dtype';
import { fold, windowCount } from '../../primitives/windows';

describe('fold adds in the order of the reference', () => {
  test('for windows along any axes', () => {
    forAll(80, (s) => {
      const shape = Array.from({ length: s.int(1, 4) }, () => s.int(5, 12));
      const axes = s.subset(shape.length, 1);
      const draw = (most: number) => axes.map(() => s.int(1, most));
      const params = { axes, size: draw(3), stride: draw(3), dilation: draw(2) };
      const counts = shape.map((n, axis) => {
        const i = axes.indexOf(axis);
        if (i < 0) return n;
        return windowCount(n, params.size[i] as number, params.stride[i] as number, params.dilation[i] as number);
      });
      const x = values([...counts, ...params.size], s.pick(numbers), s.seed(), { odd: s.pick([[], extreme]) });
      expectReference((v) => fold(v, shape, params), [x]);
    });
  });

  test('on several threads', () => {
    const params = { axes: [1, 2], size: [3, 3], stride: [1, 2], dilation: [1, 1] };
    expectReference((v) => fold(v, [30, 102, 81], params), [values([30, 100, 40, 3, 3], 'float32', 1)]);
  });
});
