import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runKernel } from '../../../test/support/run-kernel';
import { ArgumentError } from '../../errors';
import {
  type Convolution,
  type ConvolutionSpec,
  convForward,
  convInputGradient,
  convWeightGradient,
} from './convolution';

type Floats = Float32Array | Float64Array;

const arrays = { float32: Float32Array, float64: Float64Array } as const;
const epsilon = { float32: 2 ** -23, float64: 2 ** -52 } as const;
const dtypes = ['float32', 'float64'] as const;

/** A linear congruential generator (Numerical Recipes), as numbers in [0, 1). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Small integers, whose sums of products are exact in any order. */
const integers = (seed: number) => {
  const next = generator(seed);
  return () => Math.floor(next() * 15) - 7;
};
const reals = (seed: number) => {
  const next = generator(seed);
  return () => next() * 2 - 1;
};

const inputLength = (spec: ConvolutionSpec) => spec.n * spec.c * spec.h * spec.w;
const weightLength = (spec: ConvolutionSpec) => spec.o * (spec.c / spec.groups) * spec.kh * spec.kw;
const outputLength = (spec: ConvolutionSpec) => spec.n * spec.o * spec.oh * spec.ow;

/** Calls back with the places of each term x w y of the trilinear form. */
function eachTerm(spec: ConvolutionSpec, visit: (x: number, w: number, y: number) => void) {
  const { n, c, h, w, o, kh, kw, oh, ow, strideH, strideW, padTop, padLeft, dilationH, dilationW, groups } = spec;
  const [channels, filters] = [c / groups, o / groups];
  for (let s = 0; s < n; s++) {
    for (let f = 0; f < o; f++) {
      for (let u = 0; u < oh; u++) {
        for (let v = 0; v < ow; v++) {
          const y = ((s * o + f) * oh + u) * ow + v;
          for (let d = 0; d < channels; d++) {
            const channel = Math.floor(f / filters) * channels + d;
            for (let i = 0; i < kh; i++) {
              const r = u * strideH + i * dilationH - padTop;
              if (r < 0 || r >= h) continue;
              for (let j = 0; j < kw; j++) {
                const q = v * strideW + j * dilationW - padLeft;
                if (q < 0 || q >= w) continue;
                visit(((s * c + channel) * h + r) * w + q, ((f * channels + d) * kh + i) * kw + j, y);
              }
            }
          }
        }
      }
    }
  }
}

interface Parts<T> {
  x: T;
  w: T;
  y: T;
}

function operands(spec: ConvolutionSpec, numbers: (seed: number) => () => number, seed: number): Parts<Floats> {
  const make = (length: number, part: number): Floats => new arrays[spec.dtype](length).map(numbers(3 * seed + part));
  return { x: make(inputLength(spec), 0), w: make(weightLength(spec), 1), y: make(outputLength(spec), 2) };
}

/** What a convolution leaves in an output of so many elements. */
function resultOf(run: Convolution, dtype: ConvolutionSpec['dtype'], inputs: Floats[], length: number): Floats {
  if (typeof run !== 'function') return runKernel(run, inputs, [{ dtype, length }])[0] as Floats;
  const out = new arrays[dtype](length).fill(Number.NaN);
  run(inputs, [out]);
  return out;
}

/** The derivatives of the form in each of its parts. */
function contractions(spec: ConvolutionSpec, { x, w, y }: Parts<Floats>): Parts<Floats> {
  return {
    x: resultOf(convInputGradient(spec), spec.dtype, [y, w], x.length),
    w: resultOf(convWeightGradient(spec), spec.dtype, [x, y], w.length),
    y: resultOf(convForward(spec), spec.dtype, [x, w], y.length),
  };
}

/** The same by the definition, with the magnitudes and numbers of the terms. */
function naive(spec: ConvolutionSpec, parts: Parts<Floats>) {
  const zeros = (): Parts<Float64Array> => ({
    x: new Float64Array(parts.x.length),
    w: new Float64Array(parts.w.length),
    y: new Float64Array(parts.y.length),
  });
  const [sums, magnitudes, counts] = [zeros(), zeros(), zeros()];
  const term = (part: keyof Parts<Floats>, at: number, value: number) => {
    sums[part][at] = (sums[part][at] as number) + value;
    magnitudes[part][at] = (magnitudes[part][at] as number) + Math.abs(value);
    counts[part][at] = (counts[part][at] as number) + 1;
  };
  eachTerm(spec, (i, j, k) => {
    const [x, w, y] = [parts.x[i] as number, parts.w[j] as number, parts.y[k] as number];
    term('x', i, w * y);
    term('w', j, x * y);
    term('y', k, x * w);
  });
  return { sums, magnitudes, counts };
}

const partNames = ['x', 'w', 'y'] as const;

function expectExact(spec: ConvolutionSpec, seed = 1) {
  const parts = operands(spec, integers, seed);
  const got = contractions(spec, parts);
  const { sums } = naive(spec, parts);
  const wrong = partNames.map((part) => got[part].findIndex((value, i) => value !== sums[part][i]));
  expect({ spec, wrong }).toEqual({ spec, wrong: [-1, -1, -1] });
}

const image: ConvolutionSpec = {
  ...{ dtype: 'float32', n: 1, c: 1, h: 5, w: 5, o: 1, kh: 3, kw: 3, oh: 5, ow: 5, strideH: 1, strideW: 1 },
  ...{ padTop: 1, padLeft: 1, dilationH: 1, dilationW: 1, groups: 1 },
};

/** One spatial axis; the output may end early or go on into the zeros behind. */
const axis = fc
  .record({
    size: fc.integer({ min: 1, max: 9 }),
    tap: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    pad: fc.integer({ min: -1, max: 3 }),
    more: fc.integer({ min: -2, max: 2 }),
  })
  .map((a) => {
    const fitting = Math.floor((a.size + 2 * a.pad - (a.tap - 1) * a.dilation - 1) / a.stride) + 1;
    return { ...a, out: Math.max(0, fitting + a.more) };
  });
const line = fc.constant({ size: 1, tap: 1, stride: 1, dilation: 1, pad: 0, more: 0, out: 1 });
const specs: fc.Arbitrary<ConvolutionSpec> = fc
  .record({
    dtype: fc.constantFrom(...dtypes),
    n: fc.nat(3),
    groups: fc.integer({ min: 1, max: 3 }),
    channels: fc.nat(3),
    filters: fc.nat(6),
    rows: fc.oneof({ arbitrary: axis, weight: 3 }, { arbitrary: line, weight: 1 }),
    columns: axis,
  })
  .map(({ dtype, n, groups, channels, filters, rows, columns }) => ({
    ...{ dtype, n, groups, c: groups * channels, o: groups * filters },
    ...{ h: rows.size, kh: rows.tap, oh: rows.out, strideH: rows.stride, dilationH: rows.dilation, padTop: rows.pad },
    ...{ w: columns.size, kw: columns.tap, ow: columns.out, strideW: columns.stride },
    ...{ dilationW: columns.dilation, padLeft: columns.pad },
  }));

describe('the three contractions equal the definition', () => {
  test('for any sizes, strides, zeros, dilations and groups, exactly where the sums are exact', () => {
    fc.assert(
      fc.property(specs, fc.nat(1000), (spec, seed) => expectExact(spec, seed)),
      { seed: 1, numRuns: 400 },
    );
  });

  test('within k eps |a| |b|, k the number of terms', () => {
    fc.assert(
      fc.property(specs, fc.nat(1000), (spec, seed) => {
        const parts = operands(spec, reals, seed);
        const got = contractions(spec, parts);
        const { sums, magnitudes, counts } = naive(spec, parts);
        for (const part of partNames) {
          for (const [i, value] of got[part].entries()) {
            // The definition is evaluated in double precision and errs by as much itself.
            const bound = (counts[part][i] as number) * (epsilon[spec.dtype] + epsilon.float64);
            const error = Math.abs(value - (sums[part][i] as number));
            expect(error).toBeLessThanOrEqual(bound * (magnitudes[part][i] as number));
          }
        }
      }),
      { seed: 2, numRuns: 100 },
    );
  });

  test('where the images of a batch are taken together, or one is cut into blocks', () => {
    for (const dtype of dtypes) {
      expectExact({ ...image, dtype, n: 23, c: 3, o: 5 });
      expectExact({ ...image, dtype, n: 23, c: 4, o: 6, groups: 2 });
      expectExact({ ...image, dtype, n: 5, c: 2, o: 9, h: 9, w: 9, oh: 4, ow: 4, strideH: 2, strideW: 2 });
      expectExact({ ...image, dtype, n: 2, c: 2, o: 3, h: 37, w: 33, oh: 37, ow: 33 });
      expectExact({ ...image, dtype, n: 2, c: 1, o: 1, h: 70, w: 70, oh: 35, ow: 35, strideH: 2, strideW: 2 });
    }
  });

  test('where the weight gradient is a sum of parts of the depth', () => {
    expectExact({ ...image, n: 2, c: 4, o: 16, h: 48, w: 48, oh: 48, ow: 48 });
  });

  test('where channels and filters are more than a block', () => {
    expectExact({ ...image, n: 2, c: 130, o: 7, h: 4, w: 4, oh: 4, ow: 4 });
    expectExact({ ...image, n: 2, c: 3, o: 270, h: 4, w: 4, oh: 4, ow: 4 });
    expectExact({ ...image, n: 2, c: 40, o: 270, h: 5, w: 5, oh: 3, ow: 3, strideH: 2, strideW: 2 });
  });

  test('where not all images are framed at once', () => {
    // Steps into the zeros that are longer than the signal make large frames of it.
    const signal = { h: 1, kh: 1, oh: 1, padTop: 0, w: 4, kw: 3, padLeft: 1, ow: 2, strideW: 2 ** 20 };
    expectExact({ ...image, ...signal, dtype: 'float64', n: 5, c: 2, o: 2, groups: 2 });
  });

  test('for depthwise convolutions', () => {
    for (const dtype of dtypes) {
      expectExact({ ...image, dtype, n: 3, c: 7, o: 7, groups: 7 });
      expectExact({ ...image, dtype, n: 3, c: 5, o: 10, groups: 5, strideH: 2, strideW: 2, oh: 3, ow: 3 });
    }
  });

  test('for kernels as large as the image and for pointwise ones', () => {
    const bare = { padTop: 0, padLeft: 0 };
    for (const dtype of dtypes) {
      expectExact({ ...image, ...bare, dtype, n: 4, c: 3, o: 10, kh: 5, kw: 5, oh: 1, ow: 1 });
      expectExact({ ...image, ...bare, dtype, n: 4, c: 9, o: 10, kh: 1, kw: 1 });
      expectExact({ ...image, ...bare, dtype, n: 4, c: 9, o: 10, kh: 1, kw: 1, oh: 3, ow: 3, strideH: 2, strideW: 2 });
      expectExact({ ...image, ...bare, dtype, n: 4, c: 8, o: 10, kh: 1, kw: 1, groups: 2 });
    }
  });

  test('along one axis', () => {
    const signal = { h: 1, kh: 1, oh: 1, padTop: 0, w: 300, ow: 300, kw: 5, padLeft: 2 };
    for (const dtype of dtypes) {
      expectExact({ ...image, ...signal, dtype, n: 3, c: 4, o: 6 });
      expectExact({ ...image, ...signal, dtype, n: 3, c: 4, o: 6, ow: 99, strideW: 3, dilationW: 2 });
    }
  });
});

test('the contractions are adjoint: sum(conv(x, w) y) = sum(x gradInput) = sum(w gradWeight)', () => {
  const inner = (u: Floats, v: Floats) => {
    let sum = 0;
    for (const [i, value] of u.entries()) sum += value * (v[i] as number);
    return sum;
  };
  fc.assert(
    fc.property(specs, fc.nat(1000), (spec, seed) => {
      const parts = operands(spec, integers, seed);
      const got = contractions(spec, parts);
      expect(inner(parts.x, got.x)).toBe(inner(parts.y, got.y));
      expect(inner(parts.w, got.w)).toBe(inner(parts.y, got.y));
    }),
    { seed: 3, numRuns: 200 },
  );
});

test('convolutions refuse sizes that cannot be', () => {
  const spec = { ...image, n: 2, c: 2, o: 3 };
  for (const [name, define] of Object.entries({ convForward, convInputGradient, convWeightGradient })) {
    expect(() => define({ ...spec, strideW: 0 })).toThrow(ArgumentError);
    expect(() => define({ ...spec, strideW: 0 })).toThrow(
      `${name}: expected strideW to be an integer of at least 1, got 0`,
    );
    expect(() => define({ ...spec, h: 2.5 })).toThrow('got 2.5');
    expect(() => define({ ...spec, groups: 2 })).toThrow('got groups 2 with 2 input and 3 output channels');
  }
});
