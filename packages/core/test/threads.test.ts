import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import './support/matchers';
import type { NDArray } from '../src/array/ndarray';
import { init, useBackend } from '../src/backends/current';
import { startEngine, wasmBackend } from '../src/backends/wasm/backend';
import { setGrain } from '../src/backends/wasm/native';
import * as np from '../src/numpy';
import { jit } from '../src/transforms/jit';
import { catalogue, check } from './catalogue/catalogue';
import { arbitrary, type Law, variadic } from './catalogue/laws';
import { values } from './support/values';

const features = { relaxedSimd: false };
const one = startEngine({ threads: 1, features });
const many = startEngine({ threads: 3, features });
const [single, team] = [wasmBackend(one), wasmBackend(many)];

beforeAll(async () => {
  // Work that is too small to be worth a thread is split too.
  setGrain(32);
  await many.team.started();
});

afterAll(() => {
  setGrain(1 << 16);
  many.team.stop();
  init();
});

/** On one thread, then twice on three. */
function everyWay(f: () => NDArray[]): NDArray[][] {
  useBackend(single);
  const first = f();
  useBackend(team);
  return [first, f(), f()];
}

const sameBits: Law = (subject, s) => {
  const f = arbitrary(subject, s);
  const xs = f.draw(s.seed());
  const [expected, ...others] = everyWay(() => jit(variadic(f))(...xs));
  for (const result of others) expect(result, f.label).toHaveSameBits(expected);
};

describe('threads change no bit', () => {
  check(sameBits, catalogue, 8);

  test('of products of odd sizes, nor of what follows them', () => {
    for (const [m, k, n] of [
      [1, 300, 517],
      [97, 301, 53],
      [260, 520, 9],
      [3, 5, 1100],
    ] as const) {
      const [x, y] = [values([m, k], 'float32', 1), values([k, n], 'float32', 2)];
      const f = jit((a: NDArray, b: NDArray) => {
        const z = np.matmul(a, b);
        return [z, np.sum(np.tanh(z).mul(2), 0), np.matmul(b.T, a.T), np.max(z)];
      });
      const [expected, ...others] = everyWay(() => f(x, y));
      for (const result of others) expect(result).toHaveSameBits(expected);
    }
  });

  test('of a training loop whose state stays in the memory', () => {
    const train = () => {
      const step = jit((w: NDArray, x: NDArray) => w.sub(np.matmul(x.T, np.tanh(np.matmul(x, w))).mul(0.01)), {
        donate: 0,
      });
      let w = values([40, 30], 'float32', 3).add(0);
      const x = values([50, 40], 'float32', 4);
      for (let i = 0; i < 20; i++) w = step(w, x);
      return [w];
    };
    const [expected, ...others] = everyWay(train);
    for (const result of others) expect(result).toHaveSameBits(expected);
  });

  test('and arrays stay valid when the backend changes', () => {
    const double = jit((v: NDArray) => v.mul(2), { donate: 0 });
    useBackend(team);
    const x = double(values([400], 'float32', 5).add(0));
    useBackend(single);
    const y = double(np.add(x, 0));
    expect(y).toHaveSameBits(x.mul(2));
  });
});

describe('when something fails', () => {
  test('a worker that cannot load a kernel leaves, and programs go on without it', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const engine = startEngine({ threads: 2, features });
    await engine.team.started();
    const address = engine.heap.allocate(64);
    // No module: the worker cannot compile it.
    engine.heap.all('int32').set([1 << 30, 4, 0, 0], address >> 2);
    const wait = () => {
      const end = performance.now() + 50;
      while (performance.now() < end);
    };
    engine.team.run({ run: wait, record: () => address, index: 0 }, 0, 3);
    expect(warn).toHaveBeenCalledWith(
      expect.stringMatching(/could not load a kernel .*; programs run on fewer threads/),
    );
    warn.mockRestore();
    useBackend(wasmBackend(engine));
    const x = values([64, 64], 'float32', 1);
    const result = jit((v: NDArray) => np.matmul(v, v))(x);
    useBackend(single);
    expect(jit((v: NDArray) => np.matmul(v, v))(x)).toHaveSameBits(result);
  });

  test('a program that does not fit gives an error and leaves arrays readable', () => {
    useBackend(single);
    const large = np.zeros([1024, 1024]);
    useBackend(wasmBackend(startEngine({ threads: 1, features, limitBytes: 2 ** 21 })));
    const small = jit((v: NDArray) => np.matmul(v, v));
    const state = jit((v: NDArray) => v.mul(2), { donate: 0 })(values([64, 64], 'float32', 1).add(0));
    expect(() => small(large)).toThrow(/out of memory.*smaller batches/s);
    expect(large.dataSync().every((v) => v === 0)).toBe(true);
    expect(state).toHaveSameBits(values([64, 64], 'float32', 1).mul(2));
    const [before, after] = [small(state), small(state)];
    expect(before).toHaveSameBits(after);
  });

  test('without shared memory there is one warning and one thread', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    vi.stubGlobal('SharedArrayBuffer', undefined);
    try {
      init({ threads: 5 });
      init({ threads: 6 });
      expect(warn).toHaveBeenCalledTimes(1);
      expect(warn.mock.calls[0]?.[0]).toMatch(/one thread/);
      const x = values([300], 'float32', 1);
      const result = jit((v: NDArray) => np.exp(v))(x);
      useBackend(team);
      expect(jit((v: NDArray) => np.exp(v))(x)).toHaveSameBits(result);
    } finally {
      vi.unstubAllGlobals();
      warn.mockRestore();
    }
  });
});
