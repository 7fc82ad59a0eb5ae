import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { convInputGradientKernel, convKernel, convWeightGradientKernel } from './convolution';
import { indicesOf, inner, position, run, smallIntegers, total } from './test-support';
import type { TypedArray } from './types';

type Spec = Parameters<typeof convKernel>[0];

const axis = fc
  .record({
    size: fc.integer({ min: 1, max: 5 }),
    tap: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    low: fc.integer({ min: 0, max: 2 }),
    high: fc.integer({ min: 0, max: 2 }),
  })
  .map((a) => ({ ...a, out: countPlaces(a) }));

/** How many times the kernel fits, by moving it along until it sticks out. */
function countPlaces(a: { size: number; tap: number; stride: number; dilation: number; low: number; high: number }) {
  let places = 0;
  for (let at = 0; at + (a.tap - 1) * a.dilation < a.low + a.size + a.high; at += a.stride) places++;
  return places;
}

const specs: fc.Arbitrary<Spec> = fc
  .record({
    images: fc.integer({ min: 0, max: 2 }),
    channels: fc.integer({ min: 1, max: 2 }),
    filters: fc.integer({ min: 1, max: 2 }),
    groups: fc.integer({ min: 1, max: 3 }),
    axes: fc.oneof(
      fc.array(axis, { minLength: 0, maxLength: 2 }),
      fc.array(axis, { minLength: 3, maxLength: 3 }).filter((axes) => axes.reduce((n, a) => n * a.size, 1) < 30),
    ),
  })
  .map(({ images, channels, filters, groups, axes }) => ({
    input: [images, groups * channels, ...axes.map((a) => a.size)],
    weight: [groups * filters, channels, ...axes.map((a) => a.tap)],
    output: [images, groups * filters, ...axes.map((a) => a.out)],
    stride: axes.map((a) => a.stride),
    padding: axes.map((a) => [a.low, a.high] as const),
    dilation: axes.map((a) => a.dilation),
    groups,
  }));

/** The trilinear form, term by term: calls back with the places of each product x w y. */
function eachTerm(spec: Spec, visit: (x: number, w: number, y: number) => void) {
  const perGroup = (spec.weight[0] as number) / spec.groups;
  const channels = spec.weight[1] as number;
  for (const y of indicesOf(spec.output)) {
    for (const w of indicesOf(spec.weight.with(0, 1))) {
      const [image, filter, ...place] = y as [number, number, ...number[]];
      const [, channel, ...tap] = w as [number, number, ...number[]];
      const at = place.map((p, d) => {
        const [stride, dilation, pad] = [spec.stride[d], spec.dilation[d], spec.padding[d]?.[0]] as number[];
        return p * (stride as number) + (tap[d] as number) * (dilation as number) - (pad as number);
      });
      if (at.some((a, d) => a < 0 || a >= (spec.input[d + 2] as number))) continue;
      const x = [image, Math.floor(filter / perGroup) * channels + channel, ...at];
      visit(position(spec.input, x), position(spec.weight, w.with(0, filter)), position(spec.output, y));
    }
  }
}

test('the three contractions of sum(conv(x, w) * y) are what the definition says, and agree on its value', () => {
  const property = fc.property(specs, fc.nat(), (spec, seed) => {
    const x = smallIntegers(total(spec.input), seed);
    const w = smallIntegers(total(spec.weight), seed + 1);
    const y = smallIntegers(total(spec.output), seed + 2);
    const [dx, dw, dy] = [x.slice().fill(0), w.slice().fill(0), y.slice().fill(0)];
    const add = (to: Float64Array, at: number, value: number) => {
      to[at] = (to[at] as number) + value;
    };
    const read = (from: TypedArray, at: number) => from[at] as number;
    eachTerm(spec, (i, j, k) => {
      add(dx, i, read(w, j) * read(y, k));
      add(dw, j, read(x, i) * read(y, k));
      add(dy, k, read(x, i) * read(w, j));
    });
    const [out] = run(convKernel(spec), [x, w], new Float64Array(y.length));
    const [inputGradient] = run(convInputGradientKernel(spec), [y, w], new Float64Array(x.length));
    const [weightGradient] = run(convWeightGradientKernel(spec), [x, y], new Float64Array(w.length));
    expect(out.map((v) => v + 0)).toEqual(dy.map((v) => v + 0));
    expect(inputGradient.map((v) => v + 0)).toEqual(dx.map((v) => v + 0));
    expect(weightGradient.map((v) => v + 0)).toEqual(dw.map((v) => v + 0));
    expect(inner(inputGradient, x)).toBe(inner(out, y));
    expect(inner(weightGradient, w)).toBe(inner(out, y));
  });
  fc.assert(property, { seed: 1, numRuns: 300 });
});

const line = (size: number, tap: number, out: number): Spec => ({
  input: [1, 1, size],
  weight: [1, 1, tap],
  output: [1, 1, out],
  stride: [1],
  padding: [[0, 0]],
  dilation: [1],
  groups: 1,
});

test('a correlation: the kernel is not flipped', () => {
  const [out] = run(
    convKernel(line(4, 2, 3)),
    [Float32Array.of(1, 2, 3, 4), Float32Array.of(1, 10)],
    new Float32Array(3),
  );
  expect([...out]).toEqual([21, 32, 43]);
});

describe('float32 sums in double precision', () => {
  const large = Float32Array.of(2 ** 30, 1, -(2 ** 30));
  const ones = Float32Array.of(1, 1, 1);
  test('conv', () => {
    expect(run(convKernel(line(3, 3, 1)), [large, ones], new Float32Array(1))[0][0]).toBe(1);
  });
  test('weight gradient', () => {
    expect(run(convWeightGradientKernel(line(3, 1, 3)), [large, ones], new Float32Array(1))[0][0]).toBe(1);
  });
  test('input gradient', () => {
    const spec = { ...line(1, 3, 3), padding: [[2, 2]] as const };
    expect(run(convInputGradientKernel(spec), [ones, large], new Float32Array(1))[0][0]).toBe(1);
  });
});

test('shapes that do not fit together are refused', () => {
  const message =
    'convolution: input [1, 1, 4], weight [1, 1, 2] and output [1, 1, 4] do not fit together: expected [n, c, ...], ' +
    '[o, c / groups, ...] and [n, o, 3], with groups 1, stride [1], padding [[0,0]] and dilation [1].';
  for (const make of [convKernel, convInputGradientKernel, convWeightGradientKernel]) {
    expect(() => make(line(4, 2, 4))).toThrow(new RangeError(message));
  }
  const good = line(4, 2, 3);
  const misfits = [
    { input: [2, 1, 4] },
    { input: [1, 2, 4] },
    { weight: [2, 1, 2] },
    { weight: [1, 2, 2] },
    { groups: 2 },
  ];
  const uneven = { input: [1, 2, 4], weight: [3, 1, 2], output: [1, 3, 3], groups: 2 };
  for (const misfit of [...misfits, uneven]) expect(() => convKernel({ ...good, ...misfit })).toThrow(RangeError);
});

test('missing buffers are refused', () => {
  const spec = line(1, 1, 1);
  expect(() => convKernel(spec)([], [])).toThrow('conv: expected two inputs and one output');
  expect(() => convInputGradientKernel(spec)([], [])).toThrow('convInputGradient: expected two inputs');
  expect(() => convWeightGradientKernel(spec)([], [])).toThrow('convWeightGradient: expected two inputs');
});
