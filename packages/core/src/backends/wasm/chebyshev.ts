// Polynomials for the functions of generated code, made when a function is first needed.

/** A polynomial in (x − middle) / radius, from the constant term on. */
export interface Approximation {
  readonly middle: number;
  readonly radius: number;
  readonly coefficients: readonly number[];
}

/**
 * The polynomial that agrees with the function at the Chebyshev nodes of an interval: nearly the best of its degree.
 * Source: Trefethen, "Approximation Theory and Approximation Practice" (2013), chapters 2 to 4.
 */
export function chebyshev(fn: (x: number) => number, from: number, to: number, degree: number): Approximation {
  const [middle, radius] = [(from + to) / 2, (to - from) / 2];
  const count = degree + 1;
  const angles = Array.from({ length: count }, (_, i) => (Math.PI * (i + 0.5)) / count);
  const values = angles.map((angle) => fn(middle + radius * Math.cos(angle)));
  const coefficients = angles.map(() => 0);
  // The Chebyshev polynomials of degrees k − 1 and k.
  let [before, current] = [[0, 1], [1]];
  for (let k = 0; k < count; k++) {
    const sum = angles.reduce((total, angle, i) => total + (values[i] as number) * Math.cos(k * angle), 0);
    const weight = ((k === 0 ? 1 : 2) / count) * sum;
    current.forEach((c, power) => {
      coefficients[power] = (coefficients[power] as number) + weight * c;
    });
    const next = [0, ...current.map((c) => 2 * c)].map((c, power) => c - (before[power] ?? 0));
    [before, current] = [current, next];
  }
  return { middle, radius, coefficients };
}
