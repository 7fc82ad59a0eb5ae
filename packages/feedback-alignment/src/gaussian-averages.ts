/** Averages over Gaussian fields with mean zero and covariances C, for g(z) = erf(z / √2) (Saad and Solla 1995). */
export type Covariance = (i: number, j: number) => number;

/** ⟨g(z_i) g(z_j)⟩. */
export function meanProduct(c: Covariance, i: number, j: number): number {
  return (2 / Math.PI) * Math.asin(c(i, j) / Math.sqrt((1 + c(i, i)) * (1 + c(j, j))));
}

/** ⟨g′(z_i) z_j g(z_k)⟩. */
export function meanSlopeField(c: Covariance, i: number, j: number, k: number): number {
  const own = 1 + c(i, i);
  const determinant = own * (1 + c(k, k)) - c(i, k) ** 2;
  return ((2 / Math.PI) * (c(j, k) * own - c(i, j) * c(i, k))) / (own * Math.sqrt(determinant));
}

/** ⟨g′(z_i) g′(z_j) g(z_k) g(z_l)⟩. */
export function meanSlopes(c: Covariance, i: number, j: number, k: number, l: number): number {
  const [a, b, ab] = [1 + c(i, i), 1 + c(j, j), c(i, j)];
  const determinant = a * b - ab ** 2;
  const joint = (p: number, q: number, same: number) =>
    determinant * same - b * c(i, p) * c(i, q) - a * c(j, p) * c(j, q) + ab * (c(i, p) * c(j, q) + c(i, q) * c(j, p));
  const between = joint(k, l, c(k, l));
  const spread = joint(k, k, 1 + c(k, k)) * joint(l, l, 1 + c(l, l));
  return ((4 / Math.PI ** 2) * Math.asin(between / Math.sqrt(spread))) / Math.sqrt(determinant);
}
