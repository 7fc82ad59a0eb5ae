import { describe, test } from 'vitest';
import { expectReference } from '../../../test/support/engines';
import { forAll, type Sampler } from '../../../test/support/sampler';
import { extreme, values } from '../../../test/support/values';
import { floats } from '../../array/dtype';
import type { NDArray } from '../../array/ndarray';
import * as np from '../../numpy';
import { cholesky, matrixTranspose, triangularSolve } from '../../primitives/linalg';

const sizes = [1, 2, 15, 16, 17, 33, 64];

/** A stack of positive definite matrices, made on one thread of one backend. */
function definite(shape: readonly number[], dtype: NDArray['dtype'], seed: number): NDArray {
  const n = shape.at(-1) as number;
  const x = values(shape, dtype, seed);
  return np.matmul(x, matrixTranspose(x)).add(np.eye(n, n, { dtype }));
}

const lead = (s: Sampler) => s.pick([[], [3], [2, 5]]);

describe('factors and solutions have the bits of the reference', () => {
  test('Cholesky, also of matrices that are not positive definite', () => {
    forAll(60, (s) => {
      const n = s.pick(sizes);
      const a = definite([...lead(s), n, n], s.pick(floats), s.seed());
      // All of a stack, or those whose first element is small.
      const less = s.pick([0, 0, 1.5, 1e6]);
      expectReference((x) => cholesky(x), [a.sub(np.eye(n, n, { dtype: a.dtype }).mul(less))]);
    });
  });

  test('Cholesky of large matrices on several threads', () => {
    expectReference((x) => cholesky(x), [definite([300, 300], 'float32', 1)]);
    expectReference((x) => cholesky(x), [definite([2, 257, 257], 'float64', 2)]);
    expectReference((x) => cholesky(x), [definite([300, 300], 'float64', 1).sub(np.eye(300, 300).mul(1.4))]);
  });

  test('triangular systems of either side, with zeros and infinities too', () => {
    forAll(100, (s) => {
      const dtype = s.pick(floats);
      const [n, m, batch] = [s.pick(sizes), s.pick([1, 2, 3, 16, 40]), lead(s)];
      const a = values([...batch, n, n], dtype, s.seed(), { odd: s.pick([[], [0], extreme]) });
      const b = values([...batch, n, m], dtype, s.seed(), { odd: s.pick([[], extreme]) });
      const params = { lower: s.bool(), transposeA: s.bool(), unitDiagonal: s.bool() };
      expectReference((x, y) => triangularSolve(x, y as NDArray, params), [a, b]);
    });
  });

  test('triangular systems on several threads', () => {
    const params = { lower: false, transposeA: true, unitDiagonal: false };
    const inputs = [values([200, 200], 'float32', 1).add(np.eye(200, 200).mul(30)), values([200, 90], 'float32', 2)];
    expectReference((x, y) => triangularSolve(x, y as NDArray, params), inputs);
  });
});
