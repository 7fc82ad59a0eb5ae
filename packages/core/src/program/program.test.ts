import { describe, expect, test } from 'vitest';
import { array, definePrimitive, makeProgram, type NDArray, np, printProgram, showProgram } from '../index';
import { add } from '../primitives/arithmetic';
import { jit } from '../transforms/jit';
import { LruCache } from './lru-cache';
import { inlineCalls, removeDeadCode } from './passes';
import { newVar, type Program, paramsKey, programKey } from './program';

const x = array([1, 2]);
const programOf = (f: (x: NDArray) => unknown, at = x) => makeProgram(f, at).program;

describe('the key of a program', () => {
  test('is equal for equal structure, whatever the numbers of the variables', () => {
    const f = (v: NDArray) => np.sin(v).mul(2).add(v);
    expect(programKey(programOf(f))).toBe(programKey(programOf(f)));
  });

  test('differs with operations, parameters, literals, types, wiring and results', () => {
    const variants: ((v: NDArray) => unknown)[] = [
      (v) => np.sin(v).mul(2),
      (v) => np.cos(v).mul(2),
      (v) => np.sin(v).mul(3),
      (v) => np.sin(v).mul(-0),
      (v) => np.sin(v).mul(0),
      (v) => np.sin(v).mul(v),
      (v) => [np.sin(v).mul(2), v],
      (v) => np.sum(v, 0),
      (v) => np.flip(v),
      (v) => v.slice([0, 1]),
      (v) => v.slice([1, 2]),
      (v) => jit((u: NDArray) => np.sin(u))(v).mul(2),
      (v) => jit((u: NDArray) => np.cos(u))(v).mul(2),
    ];
    const keys = [x, x.astype('float64'), array([1, 2, 3])].flatMap((at) =>
      variants.map((f) => programKey(programOf(f, at))),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('tells primitives of one name apart', () => {
    const make = () => definePrimitive({ ...add.primitive, name: 'twin' });
    const [a, b] = [make(), make()];
    const program = (primitive: typeof a): Program => {
      const [v, out] = [newVar(x), newVar(x)];
      return { inputs: [v], equations: [{ primitive, params: {}, inputs: [v, v], outputs: [out] }], outputs: [out] };
    };
    expect(programKey(program(a))).not.toBe(programKey(program(b)));
  });
});

test('the key of parameters', () => {
  const f = () => 1;
  expect(paramsKey({ axes: [0, 1], deep: { on: true }, none: undefined })).toBe('axes=[0 1] deep=on=true');
  expect(paramsKey(-0)).not.toBe(paramsKey(0));
  expect(paramsKey('1')).not.toBe(paramsKey(1));
  expect(paramsKey([f])).toBe(paramsKey([f]));
  expect(paramsKey(f)).not.toBe(paramsKey(() => 1));
  expect(paramsKey({ x })).toBe(paramsKey({ x }));
  expect(paramsKey({ x })).not.toBe(paramsKey({ x: array([1, 2]) }));
});

describe('passes', () => {
  test('calls are replaced by what they call, to any depth', () => {
    const nested = jit((v: NDArray) => jit((u: NDArray) => [u, np.sin(u), u.mul(2)])(v.neg()));
    const program = programOf((v) => nested(v));
    expect(program.equations.map((e) => e.primitive.name)).toEqual(['call']);
    expect(inlineCalls(program).equations.map((e) => e.primitive.name)).toEqual(['neg', 'sin', 'broadcast', 'mul']);
    expect(inlineCalls(program).outputs.length).toBe(3);
  });

  test('what nobody reads is dropped', () => {
    const [v, used, unused, result] = [newVar(x), newVar(x), newVar(x), newVar(x)];
    const equation = (inputs: (typeof v)[], out: typeof v) => ({
      primitive: add.primitive,
      params: {},
      inputs,
      outputs: [out],
    });
    const program: Program = {
      inputs: [v],
      equations: [equation([v, v], used), equation([used, v], unused), equation([used, used], result)],
      outputs: [result],
    };
    expect(removeDeadCode(program).equations.map((e) => e.outputs[0])).toEqual([used, result]);
    expect(programOf((u) => [np.sin(u), u.neg()][1] as NDArray).equations.length).toBe(1);
  });
});

describe('a program as text', () => {
  test('has one line an operation, with types and parameters', () => {
    expect(
      printProgram(
        (p: { w: NDArray; b: NDArray }, v: NDArray) => np.sum(np.tanh(np.matmul(v, p.w).add(p.b)), 1),
        { w: np.zeros([3, 2]), b: np.zeros([2]) },
        np.zeros([4, 3]),
      ),
    ).toBe(
      [
        'inputs a: float32[2], b: float32[3, 2], c: float32[4, 3]',
        'd: float32[4, 2] = dot[contract=((1) (0)) batch=(() ())] c b',
        'e: float32[4, 2] = broadcast[shape=(4 2) axes=(1)] a',
        'f: float32[4, 2] = add d e',
        'g: float32[4, 2] = tanh f',
        'h: float32[4] = sum[axes=(1)] g',
        'outputs h',
      ].join('\n'),
    );
  });

  test('shows captured arrays as inputs, literals by value, and calls with their programs', () => {
    const w = array([1, 2]);
    const { program, constants } = makeProgram(
      (v: NDArray) =>
        jit((u: NDArray) => u.mul(u))(v.mul(w))
          .at(0)
          .add(0.5),
      x,
    );
    expect(constants[0]).toBe(w);
    expect(showProgram(program)).toBe(
      [
        'inputs a: float32[2], b: float32[2]',
        'c: float32[2] = mul b a',
        'd: float32[2] = call[name=jit] c',
        '  inputs a: float32[2]',
        '  b: float32[2] = mul a a',
        '  outputs b',
        'e: float32[1] = slice[start=(0) stop=(1) step=(1)] d',
        'f: float32[] = reshape[shape=()] e',
        'g: float32[] = add f 0.5',
        'outputs g',
      ].join('\n'),
    );
  });

  test('names more values than there are letters', () => {
    const text = printProgram((v: NDArray) => Array.from({ length: 60 }).reduce<NDArray>((u) => u.neg(), v), x);
    expect(text).toContain('\nz: float32[2] = neg y\naa: float32[2] = neg z\n');
    expect(text).toContain('\nba: float32[2] = neg az\n');
  });
});

test('the cache forgets what was used longest ago', () => {
  const cache = new LruCache<number>(2);
  cache.set('a', 1);
  cache.set('b', 2);
  expect(cache.get('a')).toBe(1);
  cache.set('c', 3);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
  cache.set('a', 4);
  cache.set('d', 5);
  expect([cache.get('a'), cache.get('c'), cache.get('d')]).toEqual([4, undefined, 5]);
});
