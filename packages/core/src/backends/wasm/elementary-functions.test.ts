import { describe, expect, test } from 'vitest';
import { array, jit, nn, np } from '../../index';
import { type Expr, type FunctionBuilder, i32, type Local, ModuleBuilder, v128 } from './assembler';
import { exp, expm1, log, log1p, tanh } from './elementary-functions';

type VectorFunction = (f: FunctionBuilder<'void'>, x: Local<'v128'>) => Expr<'v128'>;

/** Applies a vector function to numbers. */
function evaluate(fn: VectorFunction, inputs: Float32Array): Float32Array {
  const padded = 4 * Math.ceil(inputs.length / 4);
  const module = new ModuleBuilder();
  module.memory({ initial: Math.ceil((8 * padded) / 65536) + 1 });
  module.exportMemory('memory');
  const run = module.function({ params: ['i32', 'i32'], result: 'void' }, (f, from, to) => {
    const at = f.local('i32');
    f.for(at, 0, 4 * padded, 16, () => {
      const x = f.local('v128', v128.load(i32.add(from, at)));
      f.emit(v128.store(i32.add(to, at), fn(f, x)));
    });
  });
  module.export('run', run);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()));
  const memory = new Float32Array((exports.memory as WebAssembly.Memory).buffer);
  memory.set(inputs);
  (exports.run as (from: number, to: number) => void)(0, 4 * padded);
  return memory.slice(padded, padded + inputs.length);
}

/** The distance between neighbouring float32 numbers at x. */
function ulp(x: number): number {
  const magnitude = Math.max(Math.abs(x), 2 ** -126);
  return 2 ** (Math.floor(Math.log2(magnitude)) - 23);
}

/** Numbers of every exponent and sign, and dense ones between −20 and 20. */
function samples(): Float32Array {
  const values: number[] = [];
  for (let e = -149; e < 128; e++) {
    for (let i = 0; i < 24; i++) {
      const x = 2 ** e * (1 + (i + ((i * 7919) % 1000) / 1000) / 25);
      values.push(x, -x);
    }
  }
  for (let i = 0; i < 40_000; i++) values.push(-20 + i / 1000);
  return Float32Array.from(values);
}

const inputs = samples();

/** The largest error of float32 results in units in the last place, and where it is. */
function worstError(results: Float32Array, exact: (x: number) => number): { error: number; x: number } {
  let worst = { error: 0, x: 0 };
  results.forEach((y, i) => {
    const x = inputs[i] as number;
    const wanted = exact(x);
    const rounded = Math.fround(wanted);
    if (!Number.isFinite(rounded)) return expect([x, y]).toEqual([x, rounded]);
    const error = Math.abs(y - wanted) / ulp(wanted);
    if (!(error <= worst.error)) worst = { error, x };
  });
  return worst;
}

// What is written in terms of those above.
test.each([
  ['sigmoid', nn.sigmoid, (x: number) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))), 3],
  ['rsqrt', np.rsqrt, (x: number) => 1 / Math.sqrt(x), 1.5],
] as const)('%s of compiled programs is at most that many ulp off', (_name, f, exact, bound) => {
  const results = jit(f)(array(inputs)).dataSync() as Float32Array;
  const { error, x } = worstError(results, exact);
  expect(error, `at ${x}`).toBeLessThanOrEqual(bound);
});

describe.each([
  ['exp', exp, Math.exp, 1.5],
  ['expm1', expm1, Math.expm1, 4],
  ['log', log, Math.log, 1],
  ['log1p', log1p, Math.log1p, 3],
  ['tanh', tanh, Math.tanh, 4],
] as const)('%s', (_name, fn, exact, bound) => {
  test(`is at most ${bound} ulp off`, () => {
    const results = evaluate(fn, inputs);
    const worst = worstError(results, exact);
    expect(worst.error, `at ${worst.x}`).toBeLessThanOrEqual(bound);
  });

  test('treats special values as JavaScript does', () => {
    const special = Float32Array.of(0, -0, 1, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, -2);
    const results = evaluate(fn, special);
    special.forEach((x, i) => {
      const wanted = Math.fround(exact(x));
      if (Number.isFinite(wanted) && wanted !== 0)
        expect(Math.abs((results[i] as number) - wanted)).toBeLessThanOrEqual(4 * ulp(wanted));
      else expect(results[i]).toBe(wanted);
    });
  });
});
