import { describe, expect, test } from 'vitest';
import './support/matchers';
import { isFloating } from '../src/array/dtype';
import {
  checkpoint,
  customJvp,
  grad,
  jit,
  jvp,
  linearize,
  type NDArray,
  np,
  printProgram,
  stopGradient,
  vjp,
  vmap,
} from '../src/index';
import { directionalDerivative } from './support/finite-difference';
import { forAll, type Sampler } from './support/sampler';
import { values } from './support/values';

type Arrays = readonly NDArray[];
type Step = (known: Arrays) => NDArray;

interface RandomFunction {
  readonly inputs: NDArray[];
  readonly apply: (...inputs: NDArray[]) => NDArray[];
}

const shapes = [[2, 3], [3], [3, 2], [], [1, 3]];

/** A smooth function of two arrays, some of it inside calls, with results of all kinds: numbers, arguments, constants. */
function randomFunction(s: Sampler): RandomFunction {
  const inputs = [0, 1].map(() => values(s.pick(shapes), 'float64', s.seed()));
  const steps = randomSteps(s, inputs, s.int(2, 9), 2);
  const all = runSteps(steps, inputs);
  const results = Array.from({ length: s.int(1, 3) }, () => all.length - 1 - s.int(0, Math.min(3, all.length - 1)));
  const extra = s.int(0, 3);
  return {
    inputs,
    apply: (...xs) => {
      const known = runSteps(steps, xs);
      const main = results.map((i) => known[i] as NDArray);
      if (extra === 1) main.push(np.argmax(known.at(-1) as NDArray));
      if (extra === 2) main.push(np.arange(3), np.ones([2], { dtype: 'float64' }));
      if (extra === 3) main.push(xs[0] as NDArray, xs[0] as NDArray);
      return main;
    },
  };
}

/** All values: those given, and one for each step. */
function runSteps(steps: readonly Step[], start: Arrays): NDArray[] {
  const known = [...start];
  for (const step of steps) known.push(step(known));
  return known;
}

/** Steps that each append one array to those known. */
function randomSteps(s: Sampler, start: Arrays, count: number, depth: number): Step[] {
  const known = [...start];
  const steps: Step[] = [];
  while (steps.length < count) {
    const step = randomStep(s, known, depth);
    if (step === null) continue;
    steps.push(step);
    known.push(step(known));
  }
  return steps;
}

function randomStep(s: Sampler, known: Arrays, depth: number): Step | null {
  const [i, j] = [0, 1].map(() => Math.max(0, known.length - 1 - s.int(0, 4))) as [number, number];
  const [x, y] = [known[i] as NDArray, known[j] as NDArray];
  const one =
    (f: (x: NDArray) => NDArray): Step =>
    (all) =>
      f(all[i] as NDArray);
  const two =
    (f: (x: NDArray, y: NDArray) => NDArray): Step =>
    (all) =>
      f(all[i] as NDArray, all[j] as NDArray);
  const fits = x.shape.join() === y.shape.join() || x.ndim === 0 || y.ndim === 0;
  const axis = x.ndim > 0 ? s.int(0, x.ndim - 1) : 0;
  switch (s.int(0, 17)) {
    case 0:
      return one(np.tanh);
    case 1:
      return fits ? two((a, b) => a.add(b)) : null;
    case 2:
      return fits ? two((a, b) => np.sin(a).mul(b)) : null;
    case 3:
      return fits ? two((a, b) => a.div(np.square(b).add(1))) : null;
    case 4:
      return x.ndim > 1 ? one((v) => v.T) : null;
    case 5:
      return one((v) => v.reshape([-1]));
    case 6:
      return x.ndim > 0 ? one((v) => np.broadcastTo(np.mean(v, axis, { keepDims: true }), v.shape)) : null;
    case 7:
      return x.ndim > 0 ? one((v) => np.cumsum(v, axis)) : null;
    case 8:
      return x.ndim > 0 && x.size < 20 ? one((v) => np.concatenate([v, np.flip(v, axis)], axis)) : null;
    case 9:
      return x.ndim > 0 ? one((v) => np.logsumexp(v, axis)) : null;
    case 10:
      return x.ndim === 2 ? one((v) => np.matmul(v, v.T).mul(0.3)) : null;
    case 11:
      return x.ndim > 0 && (x.shape[axis] as number) > 0 ? one((v) => np.take(v, [0, -1, 0], axis).mul(0.5)) : null;
    case 12:
      return one((v) => v.mul(stopGradient(v).add(1)));
    case 13:
      return x.ndim > 0 ? one((v) => np.scatterAdd(v, [0], np.take(v, [-1], 0), 0)) : null;
    case 14:
      return one((v) => np.where(np.arange(v.size).reshape(v.shape).less(2), v, v.mul(v).mul(0.3)));
    case 15:
      return one(
        customJvp(
          (v: NDArray) => np.tanh(v),
          ([v], [t]) => {
            const z = np.tanh(v);
            return [z, t.mul(np.square(z).neg().add(1))];
          },
        ),
      );
    default: {
      if (depth === 0) return null;
      // A function of the last arrays, which also uses the one before them through its closure.
      const own = known.slice(-2);
      const steps = randomSteps(s, own, s.int(1, 4), depth - 1);
      const from = known.length - own.length;
      const body = (...xs: NDArray[]) => runSteps(steps, xs).at(-1) as NDArray;
      const kind = s.pick(['jit', 'checkpoint', 'vmap', 'closure']);
      if (kind === 'vmap')
        return (all) =>
          vmap((a: NDArray) => body(a, ...all.slice(from + 1, from + own.length)))(
            np.stack([all[from] as NDArray, all[from] as NDArray]),
          ).at(1);
      const wrap = kind === 'checkpoint' ? checkpoint : jit;
      if (kind === 'closure')
        return (all) => jit((a: NDArray) => body(a, ...all.slice(from + 1, from + own.length)))(all[from] as NDArray);
      const wrapped = wrap(body);
      return (all) => wrapped(...all.slice(from, from + own.length));
    }
  }
}

const floats = (xs: Arrays) => xs.filter((x) => isFloating(x.dtype));
const directions = (xs: Arrays, seed: number) =>
  xs.map((x, i) => (isFloating(x.dtype) ? values(x.shape, x.dtype, seed + i) : np.zerosLike(x)));
const inner = (xs: Arrays, ys: Arrays) =>
  xs.reduce((sum, x, i) => sum + np.sum(x.astype('float64').mul(ys[i] as NDArray)).item(), 0);
const close = { rtol: 1e-9, atol: 1e-9 };

function check(runs: number, law: (f: RandomFunction, s: Sampler) => void): void {
  forAll(runs, (s) => law(randomFunction(s), s), 160);
}

describe('random functions with calls inside', () => {
  test('jit changes no bit', () => {
    check(150, ({ inputs, apply }) => {
      expect(jit(apply)(...inputs)).toBeAllclose(apply(...inputs), { rtol: 1e-14, atol: 1e-14 });
    });
  }, 60_000);

  test('vjp is the adjoint of jvp, and linearize is jvp, compiled or not', () => {
    check(120, ({ inputs, apply }, s) => {
      const ts = directions(inputs, s.seed());
      const [ys, dys] = jvp(apply, inputs, ts);
      const [zs, push] = linearize(apply, ...inputs);
      expect(zs).toHaveSameBits(ys);
      expect(push(...ts)).toBeAllclose(dys, close);
      const [, pull] = vjp(apply, inputs);
      const cs = directions(ys, s.seed());
      const gradients = pull(cs);
      expect(inner(cs, dys)).toBeCloseTo(inner(gradients, ts), 8);
      expect(vjp(jit(apply), inputs)[1](cs)).toBeAllclose(gradients, close);
      expect(jit((...xs: NDArray[]) => vjp(apply, xs)[1](cs))(...inputs)).toBeAllclose(gradients, close);
      expect(jit((...xs: NDArray[]) => jvp(jit(apply), xs, ts)[1])(...inputs)).toBeAllclose(dys, close);
    });
  }, 60_000);

  test('the derivative is that of finite differences, where nothing is stopped', () => {
    check(120, ({ inputs, apply }, s) => {
      const ts = directions(inputs, s.seed());
      const dys = jvp(apply, inputs, ts)[1];
      if (usesStop(apply, inputs)) return;
      const expected = directionalDerivative((xs) => floats(apply(...xs)), inputs, ts);
      expect(floats(dys)).toBeAllclose(expected, { rtol: 1e-5, atol: 1e-5 });
    });
  }, 60_000);

  test('vmap is a loop, over one argument or both', () => {
    check(150, ({ inputs, apply }, s) => {
      const examples = [0, 1, 2].map((k) => directions(inputs, s.seed() + k));
      const both = s.bool();
      const mapped = vmap(apply, { inAxes: [0, both ? 0 : null] })(
        np.stack(examples.map((e) => e[0] as NDArray)),
        both ? np.stack(examples.map((e) => e[1] as NDArray)) : (inputs[1] as NDArray),
      );
      const looped = examples.map(([a, b]) => apply(a as NDArray, both ? (b as NDArray) : (inputs[1] as NDArray)));
      expect(mapped).toBeAllclose(
        looped[0]?.map((_, k) => np.stack(looped.map((r) => r[k] as NDArray))),
        close,
      );
    });
  }, 60_000);

  test('second derivatives are symmetric, forward over reverse and reverse over reverse agree', () => {
    check(60, ({ inputs, apply }, s) => {
      const loss = (...xs: NDArray[]) =>
        floats(apply(...xs)).reduce((sum, y) => sum.add(np.sum(np.sin(y))), np.zeros([], { dtype: 'float64' }));
      const gradient = (...xs: NDArray[]) =>
        grad(loss, { argnums: [0, 1] })(...(xs as [NDArray, NDArray])) as NDArray[];
      const [u, v] = [directions(inputs, s.seed()), directions(inputs, s.seed())];
      const product = (d: NDArray[]) => jvp(gradient, inputs, d)[1];
      if (usesStop(apply, inputs)) return;
      const reverse = grad(
        (...xs: NDArray[]) =>
          gradient(...xs).reduce(
            (sum, g, i) => sum.add(np.sum(g.mul(v[i] as NDArray))),
            np.zeros([], { dtype: 'float64' }),
          ),
        { argnums: [0, 1] },
      )(...(inputs as [NDArray, NDArray]));
      const [uhv, vhu] = [inner(u, product(v)), inner(v, product(u))];
      expect(Math.abs(uhv - vhu)).toBeLessThanOrEqual(1e-8 * (1 + Math.abs(uhv)));
      expect(reverse).toBeAllclose(product(v), { rtol: 1e-7, atol: 1e-7 });
    });
  }, 60_000);
});

/** A stopped derivative is not the derivative of the function. */
function usesStop(apply: RandomFunction['apply'], inputs: Arrays): boolean {
  return printProgram(apply, ...inputs).includes('stopGradient');
}
