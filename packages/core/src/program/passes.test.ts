import { describe, expect, test } from 'vitest';
import '../../test/support/matchers';
import type { NDArray } from '../array/ndarray';
import * as np from '../numpy';
import { array } from '../numpy/creation';
import { checkpoint } from '../transforms/checkpoint';
import { valueAndGrad } from '../transforms/grad';
import { jit } from '../transforms/jit';
import { makeProgram } from '../transforms/print-program';
import { optimise } from './passes';

const x = array([[1, 2, 3]]);

function operations(f: (x: NDArray) => unknown): string[] {
  return optimise(makeProgram(f, x).program).equations.map((e) => e.primitive.name);
}

function count(f: (x: NDArray) => unknown, name: string): number {
  return operations(f).filter((other) => other === name).length;
}

describe('equal operations', () => {
  test('run once', () => {
    expect(count((v) => np.exp(v).add(np.exp(v)), 'exp')).toBe(1);
    expect(count((v) => np.exp(v.mul(2)).add(np.exp(v.mul(2))), 'exp')).toBe(1);
  });

  test('of other parameters or operands stay', () => {
    expect(count((v) => np.sum(v, 0).add(np.sum(v, 1)), 'sum')).toBe(2);
    expect(count((v) => np.exp(v.mul(2)).add(np.exp(v.mul(3))), 'exp')).toBe(2);
  });

  test('are shared between calls', () => {
    const f = jit((v: NDArray) => np.exp(v));
    expect(count((v) => f(v).add(f(v)), 'exp')).toBe(1);
  });

  test('that a checkpoint computes again stay, also through jit and second transforms', () => {
    const f = (v: NDArray) => np.sum(np.tanh(np.tanh(v)));
    const plain = count(valueAndGrad(f), 'tanh');
    expect(count(valueAndGrad(checkpoint(f)), 'tanh')).toBeGreaterThan(plain);
    expect(count(valueAndGrad(jit(checkpoint(f))), 'tanh')).toBeGreaterThan(plain);
    expect(count(jit(valueAndGrad(checkpoint(f))), 'tanh')).toBeGreaterThan(plain);
  });
});

describe('constants', () => {
  test('are computed before the program runs', () => {
    const f = (v: NDArray) => v.mul(np.sqrt(np.add(2, 2)));
    expect(operations(f)).toEqual(operations((v) => v.mul(3)));
    expect(jit(f)(x)).toHaveSameBits([[2, 4, 6]]);
  });

  test('of 1 vanish from products and quotients', () => {
    expect(operations((v) => v.mul(1).div(1).add(3))).toEqual(operations((v) => v.add(3)));
    expect(operations((v) => np.multiply(1, v).add(3))).toEqual(operations((v) => v.add(3)));
  });

  test('of 1 over something stay', () => {
    expect(count((v) => np.divide(1, v), 'div')).toBe(1);
  });
});
