import { expect, test } from 'vitest';
import { calibrate } from './calibrate';

const options = { sampleNanoseconds: 100e6, warmNanoseconds: 500e6 };

test.each([
  [10, 10_000_000],
  [1e6, 100],
  [90e6, 1],
  [5e9, 1],
])('iterations of %d ns fill a sample with %d of them', async (cost, expected) => {
  const calibration = await calibrate(async (iterations) => iterations * cost, options);
  expect(calibration).toEqual({ iterations: expected, nanoseconds: cost });
});

test('a first call that compiles for most of a second does not count', async () => {
  let calls = 0;
  const run = async (iterations: number) => iterations * 1e6 + (calls++ === 0 ? 9e8 : 0);
  expect((await calibrate(run, options)).iterations).toBe(100);
});

test('it runs until it is warm, and the last speed counts', async () => {
  let spent = 0;
  const run = async (iterations: number) => {
    const took = iterations * (spent < 300e6 ? 5e6 : 1e6);
    spent += took;
    return took;
  };
  expect((await calibrate(run, options)).iterations).toBe(100);
  expect(spent).toBeGreaterThanOrEqual(options.warmNanoseconds);
});

test('an iteration of many seconds is not repeated', async () => {
  let calls = 0;
  const run = async (iterations: number) => {
    calls += 1;
    return iterations * 2e10;
  };
  expect(await calibrate(run, options)).toEqual({ iterations: 1, nanoseconds: 2e10 });
  expect(calls).toBe(1);
});
