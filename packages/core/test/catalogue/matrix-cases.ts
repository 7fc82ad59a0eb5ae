import { floats } from '../../src/array/dtype';
import type { NDArray } from '../../src/array/ndarray';
import * as np from '../../src/numpy';
import { add, mul } from '../../src/primitives/arithmetic';
import { fillLike } from '../../src/primitives/broadcast';
import { matmulBatched } from '../../src/primitives/dot';
import { cholesky, eigh, matrixTranspose, qr, triangularSolve } from '../../src/primitives/linalg';
import { values } from '../support/values';
import { type Argument, type Case, instance, sums } from './case';

/** Well conditioned matrices: noise around a diagonal of different numbers. */
function matrices(lead: readonly number[], rows: number, columns: number, dtype: 'float32' | 'float64'): Argument {
  return (seed) => {
    const noise = values([...lead, rows, columns], dtype, seed).mul(0.3);
    return noise.add(np.eye(rows, columns, { dtype }).mul(np.arange(columns).add(2)));
  };
}

const symmetric = (x: NDArray) => mul(add(x, matrixTranspose(x)), fillLike(x, 0.5));

function chosen(dtype: string) {
  return dtype as 'float32' | 'float64';
}

export const matrixCases: readonly Case[] = [
  {
    primitives: ['triangularSolve'],
    dtypes: floats,
    linear: [[1]],
    build({ s, dtype }) {
      const lead = s.shape({ maxRank: 1 });
      const n = s.int(1, 3);
      const m = s.int(0, 3);
      const params = { lower: s.bool(), transposeA: s.bool(), unitDiagonal: s.bool() };
      const right: Argument = (seed) => values([...lead, n, m], dtype, seed);
      return instance(
        `[${lead}] n ${n} m ${m} ${JSON.stringify(params)}`,
        [matrices(lead, n, n, chosen(dtype)), right],
        ([a, b]) => triangularSolve(a as NDArray, b as NDArray, params),
      );
    },
  },
  {
    primitives: ['cholesky'],
    // The matrix is a product.
    rounding: sums,
    dtypes: floats,
    build({ s, dtype }) {
      const lead = s.shape({ maxRank: 1 });
      const n = s.int(0, 3);
      return instance(`[${lead}] n ${n}`, [matrices(lead, n, n, chosen(dtype))], ([a]) =>
        cholesky(matmulBatched(a as NDArray, matrixTranspose(a as NDArray))),
      );
    },
  },
  {
    primitives: ['qr'],
    dtypes: floats,
    build({ s, dtype }) {
      const lead = s.shape({ maxRank: 1 });
      const n = s.int(0, 3);
      const m = n + s.int(0, 2);
      return instance(`[${lead}] m ${m} n ${n}`, [matrices(lead, m, n, chosen(dtype))], ([a]) => qr(a as NDArray));
    },
  },
  {
    primitives: ['eigh'],
    dtypes: floats,
    build({ s, dtype }) {
      const lead = s.shape({ maxRank: 1 });
      const n = s.int(0, 3);
      return instance(`[${lead}] n ${n}`, [matrices(lead, n, n, chosen(dtype))], ([a]) =>
        eigh(symmetric(a as NDArray)),
      );
    },
  },
];
