import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array } from '../numpy';
import { jit } from '../transforms/jit';
import { vmap } from '../transforms/vmap';
import { bits, foldIn, key, split, splitMany, uniform } from '.';
import { correlationScore, numbersOf } from './test-support';

const words = (k: ReturnType<typeof key>) => numbersOf(k);
const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe('key', () => {
  test('is the seed in two words', () => {
    expect(words(key(0))).toEqual([0, 0]);
    expect(words(key(2 ** 32 - 1))).toEqual([0, 2 ** 32 - 1]);
    expect(words(key(2 ** 32))).toEqual([1, 0]);
    expect(words(key(Number.MAX_SAFE_INTEGER))).toEqual([2 ** 21 - 1, 2 ** 32 - 1]);
    expect(key(1).dtype).toBe('uint32');
  });

  test.each([-1, 1.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY, '1' as never, undefined as never])(
    'refuses the seed %s',
    (seed) => {
      expect(() => key(seed)).toThrow(
        `random.key: expected seed to be a whole number from 0 to 2^53 - 1, got ${String(seed)}`,
      );
    },
  );

  test('a traced seed is pointed to foldIn', () => {
    expect(() => jit((seed: number) => key(seed))(3)).toThrow('to make a key depend on an array, use random.foldIn');
  });
});

describe('split', () => {
  test('stays as it was', () => {
    expect(split(key(0)).map(words)).toEqual([
      [107003909, 3364557040],
      [2494418683, 513002203],
    ]);
    expect(words(foldIn(key(0), 7))).toEqual([3367411230, 125609291]);
  });

  test('keys do not depend on how many there are', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 20 }), (seed, n) => {
        const few = split(key(seed), n).map(words);
        expect(few).toHaveLength(n);
        expect(split(key(seed), 21).slice(0, n).map(words)).toEqual(few);
        expect(splitMany(key(seed), n).shape).toEqual([n, 2]);
        expect(numbersOf(splitMany(key(seed), n))).toEqual(few.flat());
      }),
      { numRuns: 20 },
    );
  });

  test('all keys that come from a key are different, and none of them is what is drawn from it', () => {
    const k = key(3);
    const folded = vmap((i: typeof k) => foldIn(k, i))(array(Uint32Array.from({ length: 2000 }, (_, i) => i)));
    const draws = numbersOf(bits(k, [4000]));
    const pairs = [...numbersOf(splitMany(k, 2000)), ...numbersOf(folded), ...draws];
    const seen = new Set<string>();
    for (let i = 0; i < pairs.length; i += 2) seen.add(`${pairs[i]} ${pairs[i + 1]}`);
    expect(seen.size).toBe(6000);
    const firstWords = new Set([...numbersOf(splitMany(k, 2000).slice(null, [0, 1]))]);
    // Two of 2000 and 4000 random words agree by chance with a probability of 0.2 %.
    expect(draws.some((w) => firstWords.has(w))).toBe(false);
  });

  test('what is drawn from parent, children and neighbours is uncorrelated', () => {
    const draw = (k: ReturnType<typeof key>) => numbersOf(uniform(k, { shape: [4000] }));
    const [a, b] = split(key(0));
    const samples = [key(0), key(1), key(2 ** 32), a, b, foldIn(key(0), 0), foldIn(key(0), 1), foldIn(a, 0)].map(draw);
    // 28 pairs; error rate 3 in 1000.
    samples.forEach((x, i) => {
      for (const y of samples.slice(i + 1)) expect(Math.abs(correlationScore(x, y))).toBeLessThan(3.89);
    });
  });

  test.each([-1, 0.5, Number.NaN])('refuses %s keys', (n) => {
    expect(() => split(key(0), n)).toThrow(`random.split: expected n to be a whole number of 0 or more, got ${n}`);
    expect(() => splitMany(key(0), n)).toThrow(
      `random.splitMany: expected n to be a whole number of 0 or more, got ${n}`,
    );
  });
});

describe('foldIn', () => {
  test('a number, a uint32 and an int32 give the same key', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed, data) => {
        const expected = words(foldIn(key(seed), data));
        expect(words(foldIn(key(seed), array(data, { dtype: 'uint32' })))).toEqual(expected);
        expect(words(foldIn(key(seed), array(data, { dtype: 'int32' })))).toEqual(expected);
        expect(words(jit(foldIn)(key(seed), array(data, { dtype: 'int32' })))).toEqual(expected);
      }),
      { numRuns: 20 },
    );
    expect(words(foldIn(key(1), 2 ** 32 - 1))).toEqual(words(foldIn(key(1), array(2 ** 32 - 1, { dtype: 'uint32' }))));
  });

  test('errors', () => {
    const k = key(0);
    for (const data of [-1, 0.5, 2 ** 32, Number.NaN]) {
      expect(() => foldIn(k, data)).toThrow(
        `random.foldIn: expected data to be a whole number from 0 to 2^32 - 1, got ${data}`,
      );
    }
    expect(() => foldIn(k, array(-3, { dtype: 'int32' }))).toThrow('got -3');
    expect(() => foldIn(k, array(3))).toThrow(
      "random.foldIn: expected data to be uint32 or int32, got float32[]; convert with astype('uint32')",
    );
    expect(() => jit((step: number) => foldIn(k, step))(3)).toThrow(
      'expected data to be uint32 or int32, got float32[]',
    );
    expect(() => foldIn(k, array([3], { dtype: 'int32' }))).toThrow(
      'random.foldIn: expected data to be a scalar, got int32[1]; use vmap to fold in each element',
    );
    expect(() => foldIn(k, 'x' as never)).toThrow('random.foldIn: expected data to be a number or an integer scalar');
  });
});

test('what is no key is refused', () => {
  expect(() => bits(0 as never)).toThrow('random.bits: expected a key, got number; make one with random.key(seed)');
  expect(() => bits([0, 1] as never)).toThrow('random.bits: expected a key, got a list');
  expect(() => bits(null as never)).toThrow('random.bits: expected a key, got null');
  expect(() => bits(array([0, 1]))).toThrow('random.bits: expected a key (uint32[2]), got float32[2]');
  expect(() => bits(splitMany(key(0), 3))).toThrow(
    'random.bits: expected a key (uint32[2]), got uint32[3, 2]; use one key with keys.at(i), or vmap over keys [n, 2]',
  );
  expect(() => split(array([1, 2, 3], { dtype: 'uint32' }))).toThrow('random.split: expected a key (uint32[2])');
});
