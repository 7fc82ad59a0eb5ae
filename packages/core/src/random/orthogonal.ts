import type { DType } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { checkShape } from '../array/shape';
import { qr } from '../linalg';
import { transpose } from '../numpy';
import { checkKey, type Key } from './counter';
import { normal } from './normal';
import { checkFloat } from './sample-options';

export interface OrthogonalOptions {
  /** float32 or float64. Default: float32. */
  dtype?: DType;
}

/**
 * A random n × m matrix (m defaults to n) with orthonormal columns if n ≥ m, else orthonormal rows. Uniform (Haar): the Q of
 * a QR decomposition, whose R has a positive diagonal, of a matrix of normal numbers.
 *
 * Source: Mezzadri, "How to generate random matrices from the classical compact groups" (2007).
 *
 * @param key uint32 [2].
 * @returns float32 or float64 [n, m].
 */
export function orthogonal(key: Key, n: number, m: number = n, options: OrthogonalOptions = {}): NDArray {
  const where = 'random.orthogonal';
  checkKey(where, key);
  const dtype = checkFloat(where, options.dtype ?? 'float32');
  const [rows, columns] = checkShape(where, [n, m]) as [number, number];
  const wide = rows < columns;
  const [q] = qr(normal(key, { shape: wide ? [columns, rows] : [rows, columns], dtype }));
  return wide ? transpose(q) : q;
}
