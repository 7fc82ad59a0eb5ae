import { random } from '@forback/core';
import { expect, it } from 'vitest';
import { directionStability } from './bootstrap';

const rows = 200;
const normal = (seed: number) => Float64Array.from(random.normal(random.key(seed), { shape: [rows] }).dataSync());

it('is certain of a clear direction and not of two alike variables', async () => {
  const x = normal(1);
  const clear = await directionStability(
    x,
    x.map((v) => v ** 3),
    { method: 'marginal' },
  );
  expect(clear).toEqual({ resamples: 20, forward: 1, reverse: 0 });
  const reversed = await directionStability(
    x.map((v) => v ** 3),
    x,
    { method: 'marginal' },
  );
  expect(reversed).toEqual({ resamples: 20, forward: 0, reverse: 1 });
  const alike = await directionStability(x, normal(2), { method: 'marginal', resamples: 40 });
  expect(alike.forward).toBeGreaterThan(0);
  expect(alike.reverse).toBeGreaterThan(0);
});

it('depends on the key alone', async () => {
  const [x, y] = [normal(1), normal(3)];
  const of = (key: number) => directionStability(x, y, { method: 'igci', resamples: 15, key });
  expect(await of(4)).toEqual(await of(4));
  const all = await Promise.all([1, 2, 3, 4, 5, 6].map(of));
  expect(new Set(all.map(({ forward }) => forward)).size).toBeGreaterThan(1);
});

it('wants resamples', async () => {
  await expect(directionStability([1, 2], [1, 2], { resamples: 0 })).rejects.toThrow(
    'directionStability: expected resamples to be a whole number of 1 or more, got 0',
  );
});
