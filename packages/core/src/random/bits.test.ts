import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { threefry2x32 } from '../backends/reference/kernels/threefry';
import { array } from '../numpy';
import {
  bernoulli,
  bits,
  exponential,
  foldIn,
  gumbel,
  key,
  normal,
  permutation,
  randint,
  split,
  truncatedNormal,
  uniform,
} from '.';
import { chiSquareScore, countsOf, numbersOf } from './test-support';

const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const keyOf = (k0: number, k1: number) => array(Uint32Array.of(k0, k1));

describe('bits', () => {
  // Random123's known answer for key 0, counter 0; the others have counters that no draw reaches.
  test('the published answer', () => {
    expect(numbersOf(bits(key(0), [1]))).toEqual([0x6b200159]);
  });

  test('element i is the first word at the counter (0, i), whatever the shape', () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 32 - 1),
        fc.nat(2 ** 32 - 1),
        fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
        (k0, k1, shape) => {
          const drawn = bits(keyOf(k0, k1), shape);
          expect(drawn.shape).toEqual(shape);
          expect(numbersOf(drawn)).toEqual(Array.from({ length: drawn.size }, (_, i) => threefry2x32(k0, k1, 0, i)[0]));
        },
      ),
      { numRuns: 30 },
    );
  });

  test('every bit is fair, and bytes are uniform', () => {
    const drawn = numbersOf(bits(key(11), [20000]));
    // 32 statistics; error rate 3 in 1000.
    for (let b = 0; b < 32; b++) {
      const ones = drawn.filter((w) => (w >>> b) & 1).length;
      expect(Math.abs(ones - 10000) / Math.sqrt(5000)).toBeLessThan(3.89);
    }
    for (const shift of [0, 8, 16, 24]) {
      const counts = countsOf(
        drawn.map((w) => (w >>> shift) & 255),
        256,
      );
      expect(chiSquareScore(counts, new Array(256).fill(1 / 256))).toBeLessThan(3.72);
    }
  });

  test('errors', () => {
    expect(() => bits(key(0), [-1])).toThrow(
      'random.bits: expected sizes to be whole numbers of 0 or more, got shape [-1]',
    );
    expect(() => bits(key(0), [2 ** 17, 2 ** 17])).toThrow('random.bits: expected at most 2^32 elements');
  });
});

describe('a longer draw begins with the shorter one', () => {
  const draws = {
    bits: (k, n) => bits(k, [n]),
    uniform: (k, n) => uniform(k, { shape: [n] }),
    uniform64: (k, n) => uniform(k, { shape: [n], dtype: 'float64' }),
    normal: (k, n) => normal(k, { shape: [n] }),
    truncatedNormal: (k, n) => truncatedNormal(k, { shape: [n] }),
    exponential: (k, n) => exponential(k, { shape: [n] }),
    gumbel: (k, n) => gumbel(k, { shape: [n] }),
    randint: (k, n) => randint(k, { shape: [n], maxval: 1000 }),
    bernoulli: (k, n) => bernoulli(k, 0.5, { shape: [n] }),
  } satisfies Record<string, (k: ReturnType<typeof key>, n: number) => ReturnType<typeof bits>>;

  test.each(Object.entries(draws))('%s', (_name, draw) => {
    fc.assert(
      fc.property(seeds, fc.nat(30), fc.nat(30), (seed, n, more) => {
        const long = numbersOf(draw(key(seed), n + more));
        expect(numbersOf(draw(key(seed), n))).toEqual(long.slice(0, n));
      }),
      { numRuns: 10 },
    );
  });
});

// Computed from the equations by another program, and promised: a change of any of them is a breaking change.
test('the same numbers in every version', () => {
  const k = key(42);
  expect(numbersOf(bits(k, [3]))).toEqual([1832780943, 64467757, 2465931498]);
  expect(numbersOf(split(k).at(1) as typeof k)).toEqual([4275066219, 1654803290]);
  expect(numbersOf(foldIn(k, 5))).toEqual([1537575190, 3010646873]);
  expect(numbersOf(uniform(k, { shape: [3] }))).toEqual([0.4267275333404541, 0.015010058879852295, 0.5741443634033203]);
  expect(numbersOf(uniform(k, { shape: [3], dtype: 'float64', minval: -1, maxval: 3 }))).toEqual([
    0.7069102665996363, -0.9399597219387417, 1.2965776715981412,
  ]);
  expect(numbersOf(randint(k, { shape: [6], minval: -50, maxval: 50 }))).toEqual([-8, -49, 7, 22, 18, 14]);
  expect(numbersOf(randint(k, { shape: [6], minval: -(2 ** 31), maxval: 2 ** 31 - 5 }))).toEqual([
    -314702708, -2083015891, 318447847, 987064642, 806596320, 618207890,
  ]);
  expect(numbersOf(bernoulli(k, 0.5, { shape: [8] }))).toEqual([1, 1, 0, 0, 0, 0, 0, 0]);
  expect(numbersOf(permutation(k, 8))).toEqual([1, 0, 2, 7, 5, 6, 4, 3]);
  const normals = [-0.18471175422424482, -2.169824054573117, 0.18693548880439648];
  numbersOf(normal(k, { shape: [3] })).forEach((v, i) => {
    expect(v / (normals[i] as number)).toBeCloseTo(1, 6);
  });
});
