import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { checkpoint, customVjp, grad, jit, type NDArray, np, tree, valueAndGrad, vmap } from '../src/index';
import { values } from './support/values';

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that are still reachable. */
function liveBytes(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/**
 * Bytes that every repetition leaves behind. What the engine itself allocates, when it compiles hot code for one, comes
 * and goes; a leak shows in each of eight stretches, so the smallest growth counts.
 */
function leakPerRun(run: (i: number) => void, warmUp: number, repetitions: number): number {
  let i = 0;
  const repeat = (times: number) => {
    for (const end = i + times; i < end; i++) run(i);
    return liveBytes();
  };
  const stretch = repetitions / 8;
  let before = repeat(warmUp);
  const growths = Array.from({ length: 8 }, () => {
    const after = repeat(stretch);
    const growth = after - before;
    before = after;
    return growth;
  });
  return Math.min(...growths) / stretch;
}

/** Less than an array takes, with its buffer. */
const slack = 300;

interface State {
  params: { w1: NDArray; b1: NDArray; w2: NDArray };
  momentum: State['params'];
}

function initial(): State {
  const params = {
    w1: values([8, 16], 'float32', 1),
    b1: values([16], 'float32', 2),
    w2: values([16, 4], 'float32', 3),
  };
  return { params, momentum: tree.map(np.zerosLike, params) };
}

const loss = ({ w1, b1, w2 }: State['params'], x: NDArray, y: NDArray) =>
  np.mean(np.square(np.matmul(np.tanh(np.matmul(x, w1).add(b1)), w2).sub(y)));

function train({ params, momentum }: State, x: NDArray, y: NDArray): [State, NDArray] {
  const [value, gradient] = valueAndGrad(loss)(params, x, y);
  const next = tree.map((m, g) => m.mul(0.9).add(g as NDArray), momentum, gradient);
  return [{ params: tree.map((p, m) => p.sub((m as NDArray).mul(0.01)), params, next), momentum: next }, value];
}

const batch = (seed: number) => [values([32, 8], 'float32', seed), values([32, 4], 'float32', seed + 1)] as const;

describe('memory stays flat', () => {
  test('over 10,000 compiled training steps that donate their state', () => {
    const step = jit(train, { donate: 0 });
    let state = initial();
    let last = 0;
    const leak = leakPerRun(
      (i) => {
        const [next, value] = step(state, ...batch(i));
        state = next;
        if (i % 1000 === 0) last = value.item();
      },
      200,
      10_000,
    );
    expect(last).toBeGreaterThan(0);
    expect(leak).toBeLessThan(slack);
  }, 120_000);

  test('over 2,000 eager gradient steps', () => {
    let state = initial();
    const leak = leakPerRun(
      (i) => {
        [state] = train(state, ...batch(i));
      },
      500,
      2000,
    );
    expect(leak).toBeLessThan(slack);
  }, 120_000);

  test('over eager steps with all kinds of transforms, made anew each time', () => {
    const x = values([4, 3], 'float32', 5);
    const leak = leakPerRun(
      () => {
        const square = customVjp((v: NDArray) => v.mul(v), {
          forward: (v) => [v.mul(v), v],
          backward: (v, c) => [v.mul(c).mul(2)],
        });
        const f = (v: NDArray) =>
          np.sum(jit((u: NDArray) => np.sin(u))(checkpoint((u: NDArray) => u.mul(u))(square(v))));
        vmap(grad(f))(x);
        grad(jit(f))(x);
      },
      400,
      800,
    );
    expect(leak).toBeLessThan(slack);
  }, 120_000);

  test('when every call needs another program: the caches forget', () => {
    const x = np.arange(20_000);
    const byShape = jit((v: NDArray) => v.add(1).mul(v));
    const byValue = (c: number) => jit((v: NDArray) => v.add(c).mul(v))(x.at(0));
    const leak = leakPerRun(
      (i) => {
        x.slice([i, i + 2]);
        byShape(x.slice([0, (i % 3000) + 1]));
        byValue(i);
      },
      1500,
      2000,
    );
    expect(leak).toBeLessThan(slack);
  }, 120_000);
});
