import { describe, expect, test } from 'vitest';
import './support/matchers';
import { type DType, isFloating } from '../src/array/dtype';
import type { NDArray } from '../src/array/ndarray';
import { init } from '../src/backends/current';
import { DonatedArrayError } from '../src/errors';
import * as np from '../src/numpy';
import { array } from '../src/numpy/creation';
import { threefry } from '../src/primitives/threefry';
import { checkpoint } from '../src/transforms/checkpoint';
import { grad } from '../src/transforms/grad';
import { jit } from '../src/transforms/jit';
import { forAll, type Sampler } from './support/sampler';
import { values } from './support/values';

type Step = (known: readonly NDArray[]) => NDArray[];

interface RandomProgram {
  readonly inputs: NDArray[];
  run(inputs: readonly NDArray[]): NDArray[];
}

const dtypes: readonly DType[] = ['float32', 'float32', 'int32', 'float64', 'uint32', 'bool'];

/** Operations that move, overwrite, reduce and copy, over few sizes, so that buffers are reused all the time. */
function randomProgram(s: Sampler, large: boolean): RandomProgram {
  const shapes = large ? [[16, 32], [512], [32, 16]] : [[2, 3], [6], [3, 2], [1, 6], [2, 1, 3]];
  const inputs = Array.from({ length: s.int(1, 3) }, () => values(s.pick(shapes), s.pick(dtypes), s.seed()));
  const known: NDArray[] = [...inputs];
  const steps: Step[] = [];
  const length = s.int(1, large ? 14 : 24);
  while (steps.length < length) {
    const step = randomStep(s, known);
    if (step === null) continue;
    steps.push(step);
    known.push(...step(known));
  }
  const results = Array.from({ length: s.int(1, 4) }, () => s.int(0, 9)).map((back) =>
    Math.max(0, known.length - 1 - back),
  );
  return {
    inputs,
    run(from) {
      const all = [...from];
      for (const step of steps) all.push(...step(all));
      return results.map((i) => all[i] as NDArray);
    },
  };
}

/** One operation on values known so far; null where it does not apply to what was drawn. */
function randomStep(s: Sampler, known: readonly NDArray[]): Step | null {
  // Mostly recent values, so that older ones die.
  const draw = () => Math.max(0, known.length - 1 - s.int(0, s.bool() ? 2 : 7));
  const [i, j] = [draw(), draw()];
  const [x, y] = [known[i] as NDArray, known[j] as NDArray];
  const one =
    (f: (x: NDArray) => NDArray): Step =>
    (all) => [f(all[i] as NDArray)];
  const two =
    (f: (x: NDArray, y: NDArray) => NDArray): Step =>
    (all) => [f(all[i] as NDArray, all[j] as NDArray)];
  const axis = x.ndim > 0 ? s.int(0, x.ndim - 1) : 0;
  const n = x.shape[axis] ?? 0;
  const before = Array.from({ length: axis }, () => null);
  const sameShape = x.shape.join() === y.shape.join();
  switch (s.int(0, 21)) {
    case 0:
      return x.dtype === 'bool' ? one(np.logicalNot) : one((v) => v.neg());
    case 1:
    case 2:
      return sameShape ? two((a, b) => a.add(b)) : null;
    case 3:
      return sameShape ? two((a, b) => np.maximum(a, b)) : null;
    case 4:
      return sameShape ? two((a, b) => np.where(a.less(b), a, b.mul(a))) : null;
    case 5:
      return isFloating(x.dtype) ? one((v) => np.sqrt(np.abs(v)).add(0.5)) : null;
    case 6:
      return one((v) => v.reshape([-1]));
    case 7:
      return x.size % 2 === 0 ? one((v) => v.reshape([2, -1])) : null;
    case 8:
      return x.ndim > 1 ? one((v) => v.T) : null;
    case 9:
      return one((v) => np.flip(v));
    case 10:
      return n > 1 ? one((v) => v.slice(...before, [0, n - 1])) : null;
    case 11:
      return n > 1 ? one((v) => v.slice(...before, [1, null])) : null;
    case 12:
      return n > 2 ? one((v) => v.slice(...before, [0, null, 2])) : null;
    case 13:
      return x.size < 2000 && x.ndim > 0 ? one((v) => np.concatenate([v, v], axis).slice(...before, [0, n])) : null;
    case 14:
      return x.ndim > 0 ? one((v) => np.broadcastTo(np.sum(v, axis, { keepDims: true }), v.shape).add(1)) : null;
    case 15:
      return x.ndim > 0 ? one((v) => np.cumsum(v, axis)) : null;
    case 16: {
      if (n === 0 || x.dtype === 'bool') return null;
      const picked = [0, n - 1];
      return one((v) => np.scatterAdd(v, picked, np.take(v, picked, axis), axis));
    }
    case 17:
      return n > 1
        ? one((v) =>
            np.dynamicUpdateSlice(
              v,
              v.slice([0, 1]),
              v.shape.map((_, a) => (a === 0 ? 1 : 0)),
            ),
          )
        : null;
    case 18:
      return x.ndim > 0 ? one((v) => np.sort(v, axis)) : null;
    case 19:
      return x.dtype === 'uint32'
        ? (all) =>
            threefry(
              ...([i, i, j, j].map((k) => all[sameShape && y.dtype === 'uint32' ? k : i]) as [
                NDArray,
                NDArray,
                NDArray,
                NDArray,
              ]),
            )
        : null;
    case 20:
      return one(
        s.pick([jit, checkpoint])((v: NDArray) =>
          v
            .mul(v)
            .reshape([-1])
            .add(v.reshape([-1])),
        ),
      );
    default:
      return x.dtype === 'int32' && x.ndim === 2 ? one((v) => np.matmul(v, v.T)) : one((v) => v.astype('int32'));
  }
}

function storageOf(x: NDArray): unknown {
  return x.elements('test');
}

function checkPlan(s: Sampler, large: boolean): void {
  const program = randomProgram(s, large);
  const donate = s.subset(program.inputs.length);
  const compiled = jit((...inputs: NDArray[]) => program.run(inputs), { donate });
  const expected = program.run(program.inputs);
  const copies = () => program.inputs.map(copy);
  const first = copies();
  const results = compiled(...first);
  expect(results).toHaveSameBits(expected);

  first.forEach((x, i) => {
    if (donate.includes(i)) expect(() => x.dataSync()).toThrow(DonatedArrayError);
    else expect(x, `argument ${i} was changed`).toHaveSameBits(program.inputs[i]);
  });
  const buffers = [...results, ...first.filter((_, i) => !donate.includes(i))].map(storageOf);
  expect(new Set(buffers).size, 'results share a buffer with one another or with an argument').toBe(buffers.length);

  // Other numbers, in between, must not show.
  const others = program.inputs.map((x, i) => values(x.shape, x.dtype, 31 + i));
  const otherResults = program.run(others);
  expect(compiled(...others.map(copy))).toHaveSameBits(otherResults);
  expect(results, 'a later call changed earlier results').toHaveSameBits(expected);
  expect(compiled(...copies())).toHaveSameBits(expected);
}

function copy(x: NDArray): NDArray {
  return np.concatenate([x.reshape([-1]), np.zeros([0], { dtype: x.dtype })]).reshape(x.shape);
}

describe('a compiled program gives the bits of its operations one by one', () => {
  const check = (runs: number, large: boolean) => forAll(runs, (s) => checkPlan(s, large), 240);

  test('small arrays', () => check(400, false), 60_000);
  test('arrays for which code is generated', () => check(100, true), 60_000);
  test('on the reference backend', () => {
    try {
      init({ backend: 'reference' });
      check(150, false);
    } finally {
      init();
    }
  }, 60_000);
});

describe('a large argument', () => {
  const n = 20_000;
  const x = () => values([n], 'float32', 7);

  test('may be given twice, the first time and later', () => {
    const f = jit((a: NDArray, b: NDArray) => a.mul(2).add(b));
    const once = x();
    for (let i = 0; i < 4; i++) expect(f(once, once)).toHaveSameBits(x().mul(3));
  });

  test('that stays in the memory can be donated later, and read before', () => {
    const f = jit((a: NDArray) => a.mul(2));
    const g = jit((a: NDArray) => a.mul(2), { donate: 0 });
    const once = x();
    for (let i = 0; i < 3; i++) expect(f(once)).toHaveSameBits(x().mul(2));
    const doubled = g(once);
    expect(() => once.dataSync()).toThrow(DonatedArrayError);
    const copied = doubled.dataSync();
    expect(f(doubled)).toHaveSameBits(x().mul(4));
    expect(g(doubled)).toHaveSameBits(x().mul(4));
    expect(copied).toEqual(x().mul(2).dataSync());
  });

  test('leaves the memory when others need the place', { timeout: 60_000 }, () => {
    const f = jit((a: NDArray) => a.add(1));
    const many = Array.from({ length: 12 }, (_, i) => np.full([4_000_000], i));
    for (let round = 0; round < 2; round++) {
      for (const [i, one] of many.entries()) expect(f(one).at(3_999_999).item()).toBe(i + 1);
    }
  });
});

describe('a large result', () => {
  const n = 20_000;
  const double = jit((x: NDArray) => x.mul(2));

  test('is an argument of other programs, and is read, donated and read again', () => {
    const x = values([n], 'float32', 5);
    const result = double(x);
    expect(double(result)).toHaveSameBits(x.mul(4));
    expect(result).toHaveSameBits(x.mul(2));
    const addOne = jit((v: NDArray) => v.add(1), { donate: 0 });
    const last = addOne(addOne(result));
    expect(() => result.dataSync()).toThrow(DonatedArrayError);
    expect(last).toHaveSameBits(x.mul(2).add(1).add(1));
  });

  test('outlives the programs that need its place', () => {
    const results = Array.from({ length: 12 }, (_, i) => double(np.full([4_000_000], i)));
    for (const [i, one] of results.entries()) expect(one.at(3_999_999).item()).toBe(2 * i);
  });

  test('can be disposed of, and says so when it is read', () => {
    const result = double(values([n], 'float32', 6));
    result.dispose();
    result.dispose();
    expect(() => result.dataSync()).toThrow('dataSync: this float32[20000] was disposed of');
    expect(() => double(result)).toThrow(DonatedArrayError);
    const inside = (x: NDArray) => {
      const y = x.mul(x);
      y.dispose();
      return np.sum(y);
    };
    expect(grad(inside)(array([1, 2]))).toHaveSameBits([2, 4]);
    expect(jit(inside)(array([1, 2]))).toHaveSameBits(array(5));
  });
});

describe('a donated buffer', () => {
  const buffer = (x: NDArray) => storageOf(x);
  const state = () => ({ w: values([4, 3], 'float32', 1), m: values([4, 3], 'float32', 2) });

  test('becomes the result where nothing reads it any more', () => {
    const step = jit((s: { w: NDArray; m: NDArray }) => ({ w: s.w.sub(s.m), m: s.m.mul(0.9) }), { donate: 0 });
    const first = state();
    const buffers = [buffer(first.m), buffer(first.w)];
    let current = first;
    for (let i = 0; i < 5; i++) {
      current = step(current);
      expect(buffers.map((b) => [buffer(current.m), buffer(current.w)].includes(b))).toEqual([true, true]);
    }
  });

  test('is left alone while something still reads it, also through a view', () => {
    const f = jit((x: NDArray) => [x.mul(2), np.flip(x).add(x.T.reshape([4, 3]))], { donate: 0 });
    const x = values([4, 3], 'float32', 3);
    const expected = [x.mul(2), np.flip(x).add(x.T.reshape([4, 3]))];
    expect(f(copy(x))).toHaveSameBits(expected);
  });

  test('of another size or dtype is given up without use', () => {
    const f = jit((x: NDArray) => [x.astype('int32'), np.sum(x)], { donate: 0 });
    const x = array([1.5, 2.5]);
    expect(f(x)).toHaveSameBits([array([1, 2], { dtype: 'int32' }), array(4)]);
    expect(() => x.dataSync()).toThrow(DonatedArrayError);
  });

  test('comes back as a copy when the argument itself is the result', () => {
    const f = jit((x: NDArray) => [x, x, x.reshape([2, 1])], { donate: 0 });
    const results = f(array([1, 2]));
    expect(results).toHaveSameBits([array([1, 2]), array([1, 2]), array([[1], [2]])]);
    expect(new Set(results.map(buffer)).size).toBe(3);
  });

  test('numbers among donated arguments are not donated', () => {
    const f = jit((s: { w: NDArray; rate: number | NDArray }) => s.w.mul(s.rate), { donate: 0 });
    expect(f({ w: array([1, 2]), rate: 2 })).toHaveSameBits([2, 4]);
    expect(f({ w: array([1, 2]), rate: 3 })).toHaveSameBits([3, 6]);
  });

  test('inside another transform nothing is donated', () => {
    const f = jit((x: NDArray) => np.sum(x.mul(x)), { donate: 0 });
    const x = array([1, 2]);
    expect(grad(f)(x)).toHaveSameBits([2, 4]);
    expect(jit((v: NDArray) => f(v).add(np.sum(v)))(x)).toHaveSameBits(array(8));
    expect(x.toJS()).toEqual([1, 2]);
  });
});
