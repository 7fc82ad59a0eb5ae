import { describe, expect, test } from 'vitest';
import { makeProgram, type NDArray, np } from '../index';
import { type FusedParams, fuse, fusedPrimitive } from './fuse';
import { removeDeadCode } from './passes';

const options = { reduces: () => false, smallest: 1, largest: 16 };

/** The operations of a function after fusion; a fused group as a list. */
function fused(f: (...xs: NDArray[]) => unknown, inputs: number, settings = options): (string | string[])[] {
  const examples = Array.from({ length: inputs }, () => np.zeros([4]));
  const program = fuse(removeDeadCode(makeProgram(f, ...examples).program), settings);
  return program.equations
    .filter((e) => e.primitive.name !== 'broadcast')
    .map((e) =>
      e.primitive.id === fusedPrimitive.id
        ? (e.params as FusedParams).body.equations.map((inner) => inner.primitive.name)
        : e.primitive.name,
    );
}

describe('fuse', () => {
  test('joins a chain into one operation', () => {
    expect(fused((x) => np.exp(x.mul(x)).add(1), 1)).toEqual([['mul', 'exp', 'add']]);
  });

  test('joins operations that meet again', () => {
    expect(fused((x, y) => x.mul(y).add(x.sub(y)), 2)).toEqual([['mul', 'sub', 'add']]);
  });

  test('keeps apart what has something else in between', () => {
    // The sum needs the product, and the subtraction needs the sum.
    expect(
      fused((x) => {
        const product = x.mul(x);
        return product.sub(product.sum());
      }, 1),
    ).toEqual([['mul'], 'sum', ['sub']]);
  });

  test('joins a reduction with what makes its operand, unless others read it too', () => {
    const reducing = { ...options, reduces: () => true };
    expect(fused((x, y) => np.sum(x.mul(y).add(1)), 2, reducing)).toEqual(['fusedReduction']);
    const twice = (x: NDArray) => {
      const square = x.mul(x);
      return square.add(square.sum());
    };
    expect(fused(twice, 1, reducing)).toEqual([['mul'], 'sum', ['add']]);
  });

  test('gives out values that are read elsewhere', () => {
    const program = fuse(
      removeDeadCode(
        makeProgram(
          (x: NDArray) => {
            const square = x.mul(x);
            return [square, square.add(x)];
          },
          np.zeros([4]),
        ).program,
      ),
      options,
    );
    expect(program.equations).toHaveLength(1);
    expect(program.equations[0]?.outputs.map((v) => v.id)).toEqual(
      program.outputs.map((v) => (v.kind === 'var' ? v.id : -1)),
    );
  });

  test('starts a new group where one would have too many operands', () => {
    const groups = fused((...xs) => xs.reduce((sum, x) => sum.add(x)), 8, { ...options, largest: 5 });
    expect(groups).toEqual([['add', 'add', 'add'], ['add', 'add', 'add'], ['add']]);
  });

  test('leaves alone what the backend has no code for', () => {
    expect(fused((x) => np.cumsum(x).add(x).mul(x), 1)).toEqual(['cumsum', ['add', 'mul']]);
    expect(fused((x) => x.add(x).mul(x), 1, { ...options, smallest: 5 })).toEqual(['add', 'mul']);
  });
});
