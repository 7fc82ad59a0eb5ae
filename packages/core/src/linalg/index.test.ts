import { describe, expect, test } from 'vitest';
import '../../test/support/matchers';
import { forAll, type Sampler } from '../../test/support/sampler';
import { values } from '../../test/support/values';
import { grad, jit, type NDArray, np, vmap } from '../index';
import { cholesky, eigh, norm, qr, solvePositiveDefinite, triangularSolve } from '.';

const close = { rtol: 1e-10, atol: 1e-10 };
const transposed = (x: NDArray) => np.swapaxes(x, -1, -2);
const eye = (n: number) => np.eye(n, n, { dtype: 'float64' });

function positiveDefinite(s: Sampler, lead: readonly number[], n: number): NDArray {
  const x = values([...lead, n, n], 'float64', s.seed());
  return np.matmul(x, transposed(x)).add(eye(n));
}

describe('factorisations of stacks of matrices', () => {
  test('cholesky: L Lᵀ is A, L is lower triangular', () => {
    forAll(30, (s) => {
      const a = positiveDefinite(s, s.shape({ maxRank: 2 }), s.int(0, 4));
      const l = cholesky(a);
      expect(np.matmul(l, transposed(l))).toBeAllclose(a, close);
      expect(np.tril(l)).toHaveSameBits(l);
    });
    expect(
      np
        .all(
          np.isNaN(
            np
              .tril(
                cholesky(
                  np.array([
                    [1, 2],
                    [2, 1],
                  ]),
                ),
              )
              .at(1),
          ),
        )
        .item(),
    ).toBe(1);
  });

  test('qr: Q R is A, Q has orthonormal columns, R is upper triangular', () => {
    forAll(30, (s) => {
      const a = values([...s.shape({ maxRank: 2 }), s.int(0, 4), s.int(0, 4)], 'float64', s.seed());
      const [q, r] = qr(a);
      expect(np.matmul(q, r)).toBeAllclose(a, close);
      expect(np.matmul(transposed(q), q)).toBeAllclose(
        np.broadcastTo(eye(q.shape.at(-1) as number), [
          ...a.shape.slice(0, -2),
          q.shape.at(-1) as number,
          q.shape.at(-1) as number,
        ]),
        close,
      );
      expect(np.triu(r)).toHaveSameBits(r);
      expect(np.all(np.diagonal(r).greaterEqual(0)).item()).toBe(1);
    });
  });

  test('eigh: A V = V diag(w), V is orthogonal, w ascends', () => {
    forAll(30, (s) => {
      const x = values([...s.shape({ maxRank: 2 }), ...Array(2).fill(s.int(0, 4))] as number[], 'float64', s.seed());
      const a = x.add(transposed(x));
      const [w, v] = eigh(a);
      expect(np.matmul(a, v)).toBeAllclose(v.mul(np.expandDims(w, -2)), close);
      expect(np.matmul(transposed(v), v)).toBeAllclose(np.broadcastTo(eye(v.shape.at(-1) as number), v.shape), close);
      expect(np.sort(w)).toHaveSameBits(w);
    });
  });

  test('of a matrix that is not symmetric, cholesky and eigh take the symmetric part', () => {
    const a = np.array(
      [
        [4, 3],
        [1, 5],
      ],
      { dtype: 'float64' },
    );
    const half = a.add(a.T).div(2);
    expect(cholesky(a)).toHaveSameBits(cholesky(half));
    expect(eigh(a)).toHaveSameBits(eigh(half));
    const g = grad((m: NDArray) => np.sum(cholesky(m)))(a);
    expect(g).toBeAllclose(g.T, close);
  });
});

describe('solving', () => {
  test('triangular systems, in all their forms', () => {
    forAll(40, (s) => {
      const lead = s.shape({ maxRank: 1 });
      const [n, m] = [s.int(1, 4), s.int(0, 3)];
      const a = positiveDefinite(s, lead, n);
      const b = values([...lead, n, m], 'float64', s.seed());
      const options = { lower: s.bool(), transposeA: s.bool(), unitDiagonal: s.bool() };
      const triangle = options.lower ? np.tril(a, -1) : np.triu(a, 1);
      const full = triangle.add(options.unitDiagonal ? eye(n) : a.mul(eye(n)));
      const x = triangularSolve(a, b, options);
      expect(np.matmul(options.transposeA ? transposed(full) : full, x)).toBeAllclose(b, { rtol: 1e-8, atol: 1e-8 });
    });
  });

  test('a right-hand side may be a vector', () => {
    const a = np.array(
      [
        [2, 0],
        [1, 4],
      ],
      { dtype: 'float64' },
    );
    expect(triangularSolve(a, np.array([2, 9], { dtype: 'float64' }))).toBeAllclose([1, 2], close);
    expect(triangularSolve(a, np.array([4, 8], { dtype: 'float64' }), { transposeA: true })).toBeAllclose(
      [1, 2],
      close,
    );
  });

  test('positive definite systems, with the derivative of the inverse', () => {
    forAll(20, (s) => {
      const n = s.int(1, 4);
      const a = positiveDefinite(s, [], n);
      const b = values([n], 'float64', s.seed());
      const x = solvePositiveDefinite(a, b);
      expect(np.matmul(a, x)).toBeAllclose(b, { rtol: 1e-8, atol: 1e-8 });
      // d(cᵀ A⁻¹ b) / db = A⁻¹ c.
      const c = values([n], 'float64', s.seed());
      expect(grad((v: NDArray) => np.sum(solvePositiveDefinite(a, v).mul(c)))(b)).toBeAllclose(
        solvePositiveDefinite(a, c),
        { rtol: 1e-8, atol: 1e-8 },
      );
      // d(cᵀ A⁻¹ b) / dA = −sym(A⁻¹ c bᵀ A⁻¹).
      const outer = np.outer(solvePositiveDefinite(a, c), x);
      expect(grad((m: NDArray) => np.sum(solvePositiveDefinite(m, b).mul(c)))(a)).toBeAllclose(
        outer.add(outer.T).div(-2),
        { rtol: 1e-7, atol: 1e-7 },
      );
    });
  });
});

describe('norms', () => {
  const x = np.array(
    [
      [3, -4],
      [0, 12],
    ],
    { dtype: 'float64' },
  );

  test('of order 1, 2 and infinity, along axes', () => {
    expect(norm(x).item()).toBeCloseTo(13, 12);
    expect(norm(x, 1)).toBeAllclose([5, 12], close);
    expect(norm(x, 0, { order: 1 })).toBeAllclose([3, 16], close);
    expect(norm(x, 1, { order: Number.POSITIVE_INFINITY, keepDims: true })).toBeAllclose([[4], [12]], close);
  });

  test('have the unit vector as derivative', () => {
    expect(grad((v: NDArray) => norm(v))(x)).toBeAllclose(x.div(13), close);
    expect(jit(vmap(grad((v: NDArray) => norm(v))))(x)).toBeAllclose(x.div(norm(x, 1, { keepDims: true })), close);
  });
});
