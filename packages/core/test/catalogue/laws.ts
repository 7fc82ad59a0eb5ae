import { expect } from 'vitest';
import '../support/matchers';
import { allocate, type DType, isFloating, type TypedArray } from '../../src/array/dtype';
import type { NDArray } from '../../src/array/ndarray';
import { denseLayout, sizeOf } from '../../src/array/shape';
import { init } from '../../src/backends/current';
import * as np from '../../src/numpy';
import { inlineCalls } from '../../src/program/passes';
import type { Atom } from '../../src/program/program';
import { grad } from '../../src/transforms/grad';
import { jit } from '../../src/transforms/jit';
import { jvp } from '../../src/transforms/jvp';
import { linearTranspose } from '../../src/transforms/linear-transpose';
import { linearize } from '../../src/transforms/linearize';
import { makeProgram } from '../../src/transforms/print-program';
import { vjp } from '../../src/transforms/vjp';
import { vmap } from '../../src/transforms/vmap';
import { directionalDerivative } from '../support/finite-difference';
import { runKernel } from '../support/run-kernel';
import type { Sampler } from '../support/sampler';
import { extreme, special, values } from '../support/values';
import type { Case, Instance } from './case';

type Arrays = readonly NDArray[];

/** What a law has to say about one random instance of a case. */
export type Law = (subject: Case, s: Sampler) => void;

function dtypesOf({ dtypes = ['float64', 'float32'] }: Case): readonly DType[] {
  return dtypes;
}

export function isSmooth(subject: Case): boolean {
  return dtypesOf(subject).includes('float64');
}

/** In double precision, away from kinks. */
function smooth({ build }: Case, s: Sampler): Instance {
  return build({ s, dtype: 'float64', odd: [] });
}

/** Of any dtype, with any values that the comparison can stand. */
export function arbitrary(subject: Case, s: Sampler): Instance {
  const odd = s.bool() ? [] : (subject.odd ?? (subject.rounding?.float64 ? special : extreme));
  const dtype = s.pick(dtypesOf(subject));
  s.large = subject.large === true && s.bool();
  return subject.build({ s, dtype, odd });
}

export function variadic({ apply }: Instance): (...xs: NDArray[]) => NDArray[] {
  return (...xs) => apply(xs);
}

/** Random directions for floats, zeros for the others. */
function directions(xs: Arrays, seed: number): NDArray[] {
  return xs.map((x, i) => (isFloating(x.dtype) ? values(x.shape, x.dtype, seed + i) : zeros(x)));
}

function zeros(x: NDArray): NDArray {
  return np.zeros(x.shape, { dtype: x.dtype });
}

const floatsOf = (xs: Arrays) => xs.filter((x) => isFloating(x.dtype));

function inner(xs: Arrays, ys: Arrays): number {
  let total = 0;
  xs.forEach((x, i) => {
    const y = (ys[i] as NDArray).dataSync();
    x.dataSync().forEach((value, k) => {
      total += value * (y[k] as number);
    });
  });
  return total;
}

/** A scalar function of all float outputs, with weights that do not vanish. */
function weighted(apply: (xs: NDArray[]) => Arrays, seed: number): (...xs: NDArray[]) => NDArray {
  return (...xs) =>
    floatsOf(apply(xs))
      .map((y, i) => np.sum(y.mul(values(y.shape, y.dtype, seed + i))))
      .reduce(
        (sum, part) => sum.add(part),
        np.zeros([], { dtype: xs.find((x) => isFloating(x.dtype))?.dtype ?? 'float32' }),
      );
}

const floatPositions = (xs: Arrays) => xs.flatMap((x, i) => (isFloating(x.dtype) ? [i] : []));

function expectClose({ rounding }: Case, actual: unknown, expected: unknown, dtype: 'float32' | 'float64'): void {
  const tolerance = rounding?.[dtype];
  if (tolerance) expect(actual).toBeAllclose(expected, tolerance);
  else expect(actual).toHaveSameBits(expected);
}

function narrowest(xs: Arrays): 'float32' | 'float64' {
  return xs.some((x) => x.dtype === 'float32') ? 'float32' : 'float64';
}

/** How well two roundings of one number agree; a linear case may be a step through float32. */
const roundingOf = ({ derivative }: Case) => (derivative === 'linear' ? 1e-6 : 1e-10);

const byFiniteDifferences = { rtol: 2e-6, atol: 2e-6 };

/** The forward derivative is the derivative. */
export const forwardDerivative: Law = (subject, s) => {
  const f = smooth(subject, s);
  const xs = f.draw(s.seed());
  const ts = directions(xs, s.seed());
  const [ys, dys] = jvp(variadic(f), xs, ts);
  expect(ys, f.label).toHaveSameBits(f.apply(xs));
  const expected =
    subject.derivative === 'stopped'
      ? ys.map(zeros)
      : subject.derivative === 'linear'
        ? f.apply(ts)
        : directionalDerivative(
            f.apply,
            xs,
            ts.map((t) => (isFloating(t.dtype) ? t : null)),
          );
  ys.forEach((y, i) => {
    expect(dys[i], f.label).toBeAllclose(isFloating(y.dtype) ? expected[i] : zeros(y), byFiniteDifferences);
  });
};

/** The derivative of the forward derivative is the second derivative. */
export const secondForwardDerivative: Law = (subject, s) => {
  const f = smooth(subject, s);
  const xs = f.draw(s.seed());
  const [ts, us] = [directions(xs, s.seed()), directions(xs, s.seed())];
  const first = (...at: NDArray[]) => floatsOf(jvp(variadic(f), at, ts)[1]);
  const [, second] = jvp(first, xs, us);
  const expected =
    subject.derivative === 'stopped' ? second.map(zeros) : directionalDerivative((at) => first(...at), xs, us);
  expect(second, f.label).toBeAllclose(expected, { rtol: 1e-5, atol: 1e-5 });
};

/** ⟨c, J t⟩ = ⟨Jᵀ c, t⟩, and gradients have the types of the arguments. */
export const reverseDerivative: Law = (subject, s) => {
  const f = smooth(subject, s);
  const xs = f.draw(s.seed());
  const ts = directions(xs, s.seed());
  const [ys, pull] = vjp(variadic(f), xs);
  expect(ys, f.label).toHaveSameBits(f.apply(xs));
  const cs = directions(ys, s.seed());
  const gradients = pull(cs);
  const forward = subject.reverseOnly ? directionalDerivative(f.apply, xs, ts) : jvp(variadic(f), xs, ts)[1];
  expect(gradients.map((g) => [g.dtype, g.shape])).toEqual(xs.map((x) => [x.dtype, x.shape]));
  const [left, right] = [inner(cs, forward), inner(gradients, ts)];
  expect(Math.abs(left - right), f.label).toBeLessThanOrEqual(
    (subject.reverseOnly ? 1e-6 : roundingOf(subject)) * (1 + Math.abs(left)),
  );
};

/** Reverse over reverse and forward over reverse are the second derivative. */
export const secondReverseDerivative: Law = (subject, s) => {
  const f = smooth(subject, s);
  const xs = f.draw(s.seed());
  const argnums = floatPositions(xs);
  const loss = weighted((ys) => f.apply(ys).map((y) => (isFloating(y.dtype) ? y.mul(y).add(y) : y)), s.seed());
  const gradient = (...at: NDArray[]) => grad(loss, { argnums })(...at) as NDArray[];
  const [ts, us] = [directions(xs, s.seed()), directions(xs, s.seed())];
  const along = (...at: NDArray[]) =>
    gradient(...at)
      .map((g, i) => np.sum(g.mul(ts[argnums[i] as number] as NDArray)))
      .reduce((sum, part) => sum.add(part));
  const [expected] = directionalDerivative((at) => [along(...at)], xs, us) as [NDArray];
  const reverse = inner(
    grad(along, { argnums })(...xs) as NDArray[],
    argnums.map((i) => us[i] as NDArray),
  );
  if ((subject.derivative ?? 'smooth') === 'smooth') expect(reverse, f.label).toBeCloseTo(expected.item(), 4);
  const forward = jvp(gradient, xs, us)[1];
  const left = inner(
    forward,
    argnums.map((i) => ts[i] as NDArray),
  );
  expect(Math.abs(left - reverse), f.label).toBeLessThanOrEqual(10 * roundingOf(subject) * (1 + Math.abs(left)));
};

/** The linearised function is the forward derivative. */
export const linearization: Law = (subject, s) => {
  const f = smooth(subject, s);
  const xs = f.draw(s.seed());
  const ts = directions(xs, s.seed());
  const [ys, push] = linearize(variadic(f), ...xs);
  const expected = jvp(variadic(f), xs, ts);
  expect(ys, f.label).toHaveSameBits(expected[0]);
  expect(push(...ts), f.label).toBeAllclose(expected[1], { rtol: 1e-12, atol: 1e-12 });
};

/** ⟨A x, c⟩ = ⟨x, Aᵀ c⟩ for each group of arguments in which the operation is linear. */
export const transposition: Law = (subject, s) => {
  const f = smooth(subject, s);
  const xs = f.draw(s.seed());
  for (const group of subject.linear ?? []) {
    const restricted = (...own: NDArray[]) =>
      f.apply(xs.map((x, i) => (group.includes(i) ? (own[group.indexOf(i)] as NDArray) : x)));
    const own = group.map((i) => xs[i] as NDArray);
    // With the other operands at zero: what is left is linear, not only affine.
    const fixed = xs.map((x, i) =>
      group.includes(i) || !isFloating(x.dtype) || subject.linear?.some((g) => g.includes(i) && g.length > 1) !== true
        ? x
        : zeros(x),
    );
    const linear = (...ys: NDArray[]) =>
      f.apply(fixed.map((x, i) => (group.includes(i) ? (ys[group.indexOf(i)] as NDArray) : x)));
    const images = linear(...own);
    if (!images.every((y) => isFloating(y.dtype))) continue;
    const cs = directions(images, s.seed());
    const back = linearTranspose(restricted, own)(cs);
    const [left, right] = [inner(images, cs), inner(own, back)];
    expect(Math.abs(left - right), `${f.label} in [${group}]`).toBeLessThanOrEqual(
      roundingOf(subject) * (1 + Math.abs(left)),
    );
  }
};

/** Mapping is looping: for every choice of mapped arguments, over any axis. */
export const mapping: Law = (subject, s) => {
  const f = arbitrary(subject, s);
  const size = s.pick([2, 3, 1, 0]);
  const seed = s.seed();
  const examples = Array.from({ length: Math.max(1, size) }, (_, i) => f.draw(seed + 104729 * i));
  const first = examples[0] as NDArray[];
  const outAxes = s.pick([0, -1]);
  for (let mask = 1; mask < 2 ** first.length; mask++) {
    const inAxes = first.map((x, i) => ((mask >> i) % 2 === 1 ? s.int(-x.ndim - 1, x.ndim) : null));
    const args = first.map((x, i) =>
      stackOf(
        examples.slice(0, size).map((e) => e[i] as NDArray),
        x,
        inAxes[i] as number | null,
      ),
    );
    const mapped = vmap(variadic(f), { inAxes, outAxes })(...args);
    const rows = examples.map((e) => f.apply(first.map((x, i) => (inAxes[i] === null ? x : (e[i] as NDArray)))));
    const expected = (rows[0] as NDArray[]).map((y, k) =>
      stackOf(
        rows.slice(0, size).map((r) => r[k] as NDArray),
        y,
        outAxes,
      ),
    );
    const where = `${f.label}, inAxes [${inAxes.map(String)}], outAxes ${outAxes}, size ${size}`;
    try {
      expectClose(subject, mapped, expected, narrowest(expected));
    } catch (error) {
      throw new Error(`${where}: ${(error as Error).message}`);
    }
  }
};

/** Arrays like `like` along a new axis; `like` itself for the axis null. */
function stackOf(arrays: Arrays, like: NDArray, axis: number | null): NDArray {
  if (axis === null) return like;
  const at = axis < 0 ? axis + like.ndim + 1 : axis;
  if (arrays.length > 0) return np.stack(arrays, at);
  return np.zeros([...like.shape.slice(0, at), 0, ...like.shape.slice(at)], { dtype: like.dtype });
}

/** The mapped gradient is the gradient of each example. */
export const mappedGradient: Law = (subject, s) => {
  const f = smooth(subject, s);
  const seed = s.seed();
  const examples = [0, 1].map((i) => f.draw(seed + 104729 * i)) as [NDArray[], NDArray[]];
  const argnums = floatPositions(examples[0]);
  const gradient = grad(weighted(f.apply, s.seed()), { argnums });
  const inAxes = examples[0].map((x) => s.int(0, x.ndim));
  const args = examples[0].map((x, i) =>
    stackOf(
      examples.map((e) => e[i] as NDArray),
      x,
      inAxes[i] as number,
    ),
  );
  const mapped = vmap(gradient, { inAxes })(...args) as NDArray[];
  const looped = examples.map((e) => gradient(...e) as NDArray[]) as [NDArray[], NDArray[]];
  const expected = argnums.map((_, i) => np.stack([looped[0][i] as NDArray, looped[1][i] as NDArray]));
  expect(mapped, f.label).toBeAllclose(expected, { rtol: 1e-11, atol: 1e-11 });
};

/** A way to store an array so that a program sees it through a view. */
function throughView(x: NDArray, s: Sampler): { stored: NDArray; view: (stored: NDArray) => NDArray } {
  const rank = x.ndim;
  const permutation = s.permutation(rank);
  const inverse = permutation.map((_, i) => permutation.indexOf(i));
  const axis = rank === 0 ? 0 : s.int(0, rank - 1);
  const n = x.shape[axis] ?? 0;
  const kind =
    rank === 0
      ? s.pick(['as it is', 'element'])
      : s.pick(['as it is', 'transposed', 'front', 'back', 'flipped', 'spread', 'broadcast']);
  const part = (start: number, stop: number, step: number) => [
    ...Array.from({ length: axis }, () => null),
    [start, stop, step] as const,
  ];
  switch (kind) {
    case 'element':
      return { stored: np.stack([x, x, x]), view: (v) => v.at(1) };
    case 'transposed':
      return { stored: np.transpose(x, permutation), view: (v) => np.transpose(v, inverse) };
    case 'front':
      return { stored: np.concatenate([x, x], axis), view: (v) => v.slice(...part(0, n, 1)) };
    case 'back':
      return { stored: np.concatenate([x, x], axis), view: (v) => v.slice(...part(n, 2 * n, 1)) };
    case 'flipped':
      return { stored: np.flip(x, axis), view: (v) => np.flip(v, axis) };
    case 'spread':
      return { stored: np.repeat(x, 2, axis), view: (v) => v.slice(...part(0, 2 * n, 2)) };
    case 'broadcast':
      return { stored: x, view: (v) => np.broadcastTo(v, [2, ...v.shape]).at(1) };
    default:
      return { stored: x, view: (v) => v };
  }
}

/** Compiled or not, whole or through views: the same bits. */
export const compilation: Law = (subject, s) => {
  const f = arbitrary(subject, s);
  const xs = f.draw(s.seed());
  const carriers = xs.map((x) => throughView(x, s));
  const expected = f.apply(xs);
  expect(jit(variadic(f))(...xs), f.label).toHaveSameBits(expected);
  const viewed = jit((...stored: NDArray[]) =>
    f.apply(stored.map((v, i) => (carriers[i] as (typeof carriers)[number]).view(v))),
  );
  const stored = carriers.map((c) => c.stored);
  const before = stored.map((x) => x.dataSync());
  const result = viewed(...stored);
  // A product may choose another kernel for another layout.
  expectClose(subject, result, expected, narrowest(xs));
  expect(viewed(...stored), `${f.label}, once more`).toHaveSameBits(result);
  stored.forEach((x, i) => {
    expect(x.dataSync(), `${f.label}: argument ${i} was changed`).toEqual(before[i]);
  });
};

/** The gradient, the compiled gradient, the gradient of the compiled function, and both, are equal. */
export const compiledGradient: Law = (subject, s) => {
  const f = smooth(subject, s);
  const xs = f.draw(s.seed());
  const argnums = floatPositions(xs);
  const loss = weighted(f.apply, s.seed());
  const expected = grad(loss, { argnums })(...xs);
  const exact = { rtol: 1e-13, atol: 1e-13 };
  expect(jit(grad(loss, { argnums }))(...xs), f.label).toHaveSameBits(expected);
  expect(grad(jit(loss), { argnums })(...xs), f.label).toBeAllclose(expected, exact);
  expect(jit(grad(jit(loss), { argnums }))(...xs), f.label).toBeAllclose(expected, exact);
};

/** The backends agree, and so do they about derivatives. */
export const backends: Law = (subject, s) => {
  const f = arbitrary(subject, s);
  const xs = f.draw(s.seed());
  try {
    init({ backend: 'reference' });
    const expected = f.apply(xs);
    init({ backend: 'wasm' });
    expectClose(subject, f.apply(xs), expected, narrowest(xs));
  } finally {
    init();
  }
};

/** Kernels write every element of their outputs, whatever was there, and leave their inputs alone. */
export const completeOutputs: Law = (subject, s) => {
  const f = arbitrary(subject, s);
  const xs = f.draw(s.seed());
  const closed = makeProgram(variadic(f), ...xs);
  const program = inlineCalls(closed.program);
  const buffers = new Map<number, TypedArray>();
  [...closed.constants, ...xs].forEach((x, i) => {
    buffers.set(program.inputs[i]?.id as number, x.dataSync());
  });
  const read = (atom: Atom) => (atom.kind === 'literal' ? atom.value.dataSync() : (buffers.get(atom.id) as TypedArray));
  for (const { primitive, params, inputs, outputs } of program.equations) {
    for (const lower of [primitive.lower.reference, primitive.lower.wasm ?? primitive.lower.reference]) {
      const kernel = lower({ inputs: inputs.map(denseLayout), outputs, params });
      const operands = inputs.map(read);
      if (typeof kernel !== 'function') {
        runKernel(
          kernel,
          operands,
          outputs.map((v) => ({ dtype: v.dtype, length: sizeOf(v.shape) })),
        );
        continue;
      }
      const before = operands.map((data) => data.slice());
      const [first, second] = [77, 3].map((stale) => {
        const results = outputs.map((v) => allocate(v.dtype, sizeOf(v.shape)).fill(stale));
        kernel(operands, results);
        return results;
      }) as [TypedArray[], TypedArray[]];
      expect(second, `${f.label}: ${primitive.name} leaves something as it was`).toEqual(first);
      expect(operands, `${f.label}: ${primitive.name} changes its operands`).toEqual(before);
      outputs.forEach((v, i) => {
        buffers.set(v.id, first[i] as TypedArray);
      });
    }
  }
};
