import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NDArray } from '../array/ndarray';
import { ArgumentError, ShapeError } from '../errors';
import { ones, zeros } from '../numpy/creation';
import { jit } from '../transforms/jit';
import { vmap } from '../transforms/vmap';
import { type ConvOptions, conv, convTranspose } from './convolution';
import { elements, expectGradient, filled, scattered, weighted } from './test-support';

interface Axis {
  size: number;
  kernel: number;
  stride: number;
  dilation: number;
  pad: [number, number];
}

const axes: fc.Arbitrary<Axis> = fc.record({
  size: fc.integer({ min: 1, max: 7 }),
  kernel: fc.integer({ min: 1, max: 3 }),
  stride: fc.integer({ min: 1, max: 3 }),
  dilation: fc.integer({ min: 1, max: 2 }),
  pad: fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })),
});

interface Problem {
  x: NDArray;
  w: NDArray;
  options: ConvOptions;
  axes: Axis[];
  groups: number;
}

/** Whole numbers: every sum is exact, so results are compared bit by bit. */
function integers(shape: number[], seed: number): NDArray {
  const n = shape.reduce((a, b) => a * b, 1);
  return filled(
    Array.from({ length: n }, (_, i) => ((i * 7 + seed * 13 + ((i * i) % 11)) % 9) - 4),
    shape,
    'float32',
  );
}

const problems: fc.Arbitrary<Problem> = fc
  .record({
    axes: fc.array(axes, { minLength: 1, maxLength: 2 }),
    images: fc.integer({ min: 1, max: 2 }),
    inputs: fc.integer({ min: 1, max: 2 }),
    outputs: fc.integer({ min: 1, max: 2 }),
    groups: fc.integer({ min: 1, max: 2 }),
    padding: fc.constantFrom('valid', 'same', 'explicit', 'number'),
  })
  .map((p): Problem => {
    const padding =
      p.padding === 'explicit' ? p.axes.map((a) => a.pad) : p.padding === 'number' ? 1 : (p.padding as 'same');
    const own = p.axes.map((a): Axis => ({ ...a, pad: widths(p.padding, a) }));
    return {
      x: integers([p.images, p.groups * p.inputs, ...p.axes.map((a) => a.size)], 1),
      w: integers([p.groups * p.outputs, p.inputs, ...p.axes.map((a) => a.kernel)], 2),
      options: {
        stride: p.axes.map((a) => a.stride),
        dilation: p.axes.map((a) => a.dilation),
        padding,
        groups: p.groups,
      },
      axes: own,
      groups: p.groups,
    };
  })
  .filter((p) => p.axes.every((a) => positions(a) > 0));

const spanOf = (a: Axis) => (a.kernel - 1) * a.dilation + 1;

function positions(a: Axis): number {
  let count = 0;
  for (let at = 0; at + spanOf(a) <= a.pad[0] + a.size + a.pad[1]; at += a.stride) count++;
  return count;
}

function widths(kind: string, a: Axis): [number, number] {
  if (kind === 'valid') return [0, 0];
  if (kind === 'number') return [1, 1];
  if (kind === 'explicit') return a.pad;
  // The least that leaves ⌈size / stride⌉ positions, by trial.
  let total = 0;
  while (positions({ ...a, pad: [0, total] }) < Math.ceil(a.size / a.stride)) total++;
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

function* indices(shape: readonly number[]): Generator<number[]> {
  if (shape.length === 0) yield [];
  else for (let i = 0; i < (shape[0] as number); i++) for (const rest of indices(shape.slice(1))) yield [i, ...rest];
}

/** The sum as it is written in the documentation, term by term. */
function bruteForce({ x, w, axes: all, groups }: Problem): { shape: number[]; data: number[] } {
  const shape = [x.shape[0] as number, w.shape[0] as number, ...all.map(positions)];
  const perGroup = w.shape[1] as number;
  const [xs, ws] = [elements(x), elements(w)];
  const place = (of: NDArray, index: number[]) => index.reduce((at, i, d) => at * (of.shape[d] as number) + i, 0);
  const data = [...indices(shape)].map(([n, o, ...p]) => {
    const group = Math.floor((o as number) / ((w.shape[0] as number) / groups));
    let total = 0;
    for (const [c, ...k] of indices(w.shape.slice(1))) {
      const at = all.map((a, d) => a.stride * (p[d] as number) + a.dilation * (k[d] as number) - a.pad[0]);
      if (at.some((i, d) => i < 0 || i >= (all[d] as Axis).size)) continue;
      const from = place(x, [n as number, group * perGroup + (c as number), ...at]);
      total += (xs[from] as number) * (ws[place(w, [o as number, c as number, ...k])] as number);
    }
    return total;
  });
  return { shape, data };
}

describe('conv', () => {
  test('is the sum over taps and channels', () => {
    fc.assert(
      fc.property(problems, (p) => {
        const y = conv(p.x, p.w, p.options);
        const expected = bruteForce(p);
        expect(y.shape).toEqual(expected.shape);
        expect(elements(y).map((v) => v + 0)).toEqual(expected.data.map((v) => v + 0));
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  test("keeps ⌈size / stride⌉ positions with padding 'same'", () => {
    expect(conv(zeros([1, 1, 28, 27]), zeros([4, 1, 3, 4]), { padding: 'same' }).shape).toEqual([1, 4, 28, 27]);
    expect(conv(zeros([1, 1, 28, 27]), zeros([4, 1, 3, 2]), { padding: 'same', stride: 2 }).shape).toEqual([
      1, 4, 14, 14,
    ]);
  });

  test('has the derivatives of finite differences', () => {
    const [x, w] = [scattered([2, 4, 5, 4]), scattered([4, 2, 3, 2])];
    const options: ConvOptions = { stride: [2, 1], padding: [1, [0, 1]], dilation: [1, 2], groups: 2 };
    expectGradient((v) => weighted(conv(v, w, options)), x);
    expectGradient((v) => weighted(conv(x, v, options)), w);
  });

  test('is mapped over inputs and weights', () => {
    const [xs, ws] = [integers([3, 2, 1, 4], 1), integers([3, 2, 1, 3], 2)];
    const both = jit(vmap((x: NDArray, w: NDArray) => conv(x, w, { padding: 1 })))(xs, ws);
    [...xs].forEach((x, i) => {
      expect(elements(both.at(i))).toEqual(elements(conv(x, ws.at(i), { padding: 1 })));
    });
  });

  test('promotes its operands', () => {
    expect(conv(zeros([1, 1, 3], { dtype: 'int32' }), zeros([1, 1, 2], { dtype: 'int32' })).dtype).toBe('float32');
    expect(conv(zeros([1, 1, 3]), zeros([1, 1, 2], { dtype: 'float64' })).dtype).toBe('float64');
  });

  test('says what does not fit', () => {
    const x = zeros([2, 3, 8, 8]);
    expect(() => conv(zeros([8, 8]), zeros([1, 1, 3, 3]))).toThrow(
      new ShapeError(
        'nn.functional.conv: expected x to be [n, channels, width] or [n, channels, height, width], got float32[8, 8]; ' +
          'add missing axes with reshape',
      ),
    );
    expect(() => conv(x, zeros([4, 3, 3]))).toThrow(
      'nn.functional.conv: expected w to be [out, in / groups, height, width] for x float32[2, 3, 8, 8], got float32[4, 3, 3]',
    );
    expect(() => conv(x, zeros([4, 1, 3, 3]))).toThrow(
      'nn.functional.conv: expected w to be [out, 3, ...kernel] for x float32[2, 3, 8, 8] with groups 1, got float32[4, 1, 3, 3]',
    );
    expect(() => conv(x, zeros([4, 1, 3, 3]), { groups: 3 })).toThrow(
      'expected w to be [a multiple of 3, 1, ...kernel] for x float32[2, 3, 8, 8] with groups 3, got float32[4, 1, 3, 3]',
    );
    expect(() => conv(x, zeros([4, 1, 3, 3]), { groups: 2 })).toThrow(
      'nn.functional.conv: the 3 channels of x float32[2, 3, 8, 8] do not fall into 2 equal groups',
    );
    expect(() => conv(x, zeros([4, 3, 9, 3]))).toThrow(
      'nn.functional.conv: the kernel [9, 3] spans 9 elements, more than axis 2 of x float32[2, 3, 8, 8] has with padding [0, 0]; ' +
        'pad more or use a smaller kernel',
    );
    expect(() => conv(x, zeros([4, 3, 0, 3]))).toThrow(ShapeError);
  });

  test('refuses unusable options', () => {
    const run = (options: ConvOptions) => () => conv(ones([1, 1, 4, 4]), ones([1, 1, 2, 2]), options);
    expect(run({ stride: 0 })).toThrow(
      new ArgumentError(
        'nn.functional.conv: expected stride to be a whole number of 1 or more, or 2 of them (one for each spatial axis), got 0',
      ),
    );
    expect(run({ dilation: [1, 1, 1] })).toThrow('expected dilation to be a whole number of 1 or more, or 2 of them');
    expect(run({ groups: 0.5 })).toThrow(
      'nn.functional.conv: expected groups to be a whole number of 1 or more, got 0.5',
    );
    for (const padding of [-1, 1.5, [1], [1, [0, -1]], [1, [1, 1, 1]], 'full' as never, [[0, 0]] as never]) {
      expect(run({ padding: padding as never })).toThrow(
        "nn.functional.conv: expected padding to be 'valid', 'same', a whole number of 0 or more, or 2 numbers or pairs " +
          `(one for each spatial axis), got ${JSON.stringify(padding)}`,
      );
    }
  });
});

const dotProduct = (a: NDArray, b: NDArray) => a.mul(b).sum().item();

describe('convTranspose', () => {
  test('is the adjoint of conv: ⟨conv(x), y⟩ = ⟨x, convTranspose(y)⟩', () => {
    fc.assert(
      fc.property(problems, (p) => {
        // Sizes that conv comes from exactly; others it rounds down.
        const fitted = p.axes.map((a) =>
          p.options.padding === 'same'
            ? Math.ceil(a.size / a.stride) * a.stride
            : a.size - ((a.pad[0] + a.size + a.pad[1] - spanOf(a)) % a.stride),
        );
        fc.pre(fitted.every((n) => n > 0));
        const x = integers([...p.x.shape.slice(0, 2), ...fitted], 5);
        const forward = conv(x, p.w, p.options);
        const y = integers([...forward.shape], 6);
        const back = convTranspose(y, p.w, p.options);
        expect(back.shape).toEqual(x.shape);
        expect(dotProduct(forward, y)).toBe(dotProduct(x, back));
      }),
      { numRuns: 60, seed: 2 },
    );
  });

  test('spreads one element into the kernel', () => {
    const w = filled([1, 2, 3, 4, 5, 6], [1, 1, 2, 3], 'float32');
    expect(convTranspose(filled([10], [1, 1, 1, 1], 'float32'), w).toJS()).toEqual([
      [
        [
          [10, 20, 30],
          [40, 50, 60],
        ],
      ],
    ]);
    const line = filled([1, 1], [1, 1, 2], 'float32');
    expect(convTranspose(line, filled([1, 2, 3], [1, 1, 3], 'float32'), { stride: 2 }).toJS()).toEqual([
      [[1, 2, 4, 2, 3]],
    ]);
  });

  test("enlarges by the stride with padding 'same', and by a shorter padding behind", () => {
    const [x, w] = [zeros([1, 2, 7, 5]), zeros([2, 3, 3, 3])];
    expect(convTranspose(x, w, { stride: 2, padding: 'same' }).shape).toEqual([1, 3, 14, 10]);
    expect(
      convTranspose(x, w, {
        stride: 2,
        padding: [
          [1, 0],
          [1, 0],
        ],
      }).shape,
    ).toEqual([1, 3, 14, 10]);
    expect(convTranspose(x, w, { stride: 2, padding: 1 }).shape).toEqual([1, 3, 13, 9]);
  });

  test('has the derivatives of finite differences', () => {
    const [x, w] = [scattered([2, 4, 3]), scattered([4, 2, 2])];
    const options: ConvOptions = { stride: 2, padding: [[0, 1]], groups: 2 };
    expectGradient((v) => weighted(convTranspose(v, w, options)), x);
    expectGradient((v) => weighted(convTranspose(x, v, options)), w);
  });

  test('says what does not fit', () => {
    const x = zeros([2, 4, 5]);
    expect(() => convTranspose(x, zeros([3, 2, 3]))).toThrow(
      new ShapeError(
        'nn.functional.convTranspose: expected w to be [4, out / groups, ...kernel] for x float32[2, 4, 5], got float32[3, 2, 3]',
      ),
    );
    expect(() => convTranspose(x, zeros([4, 2, 3]), { groups: 3 })).toThrow(
      'the 4 channels of x float32[2, 4, 5] do not fall into 3 equal groups',
    );
    expect(() => convTranspose(x, zeros([4, 2, 1]), { padding: 3 })).toThrow(
      'nn.functional.convTranspose: padding [3, 3] takes away all of axis 2: 5 positions of a kernel that spans 1 cover 5 elements',
    );
  });
});
