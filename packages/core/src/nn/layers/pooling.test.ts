import { expect, test } from 'vitest';
import { key } from '../../random';
import { avgPool as average, maxPool as maximum } from '../pooling';
import { elements, scattered } from '../test-support';
import { avgPool, maxPool } from './pooling';

test('pooling layers have no parameters', () => {
  const x = scattered([1, 2, 4, 4]);
  for (const [layer, pool] of [
    [maxPool, maximum],
    [avgPool, average],
  ] as const) {
    expect(layer({ window: 2 }).init(key(0))).toBeNull();
    expect(elements(layer({ window: 2 }).apply(null, x))).toEqual(elements(pool(x, { window: 2 })));
  }
});
