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
  /** cos(π i / (2 count)), from angles up to π / 2: others lose digits. */
  const cosine = (i: number): number => {
    const quarter = i % (4 * count);
    const half = Math.min(quarter, 4 * count - quarter);
    return half > count ? -cosine(2 * count - half) : Math.sin((Math.PI * (count - half)) / (2 * count));
  };
  // Without their middle: what rounding spoils of the sums below is a share of what they add up.
  const constant = fn(middle);
  const values = Array.from({ length: count }, (_, i) => fn(middle + radius * cosine(2 * i + 1)) - constant);
  const coefficients = values.map((_, power) => (power === 0 ? constant : 0));
  // The Chebyshev polynomials of degrees k − 1 and k.
  let [before, current] = [[0, 1], [1]];
  for (let k = 0; k < count; k++) {
    const sum = values.reduce((total, value, i) => total + value * cosine(k * (2 * i + 1)), 0);
    const weight = ((k === 0 ? 1 : 2) / count) * sum;
    current.forEach((c, power) => {
      coefficients[power] = (coefficients[power] as number) + weight * c;
    });
    const next = [0, ...current.map((c) => 2 * c)].map((c, power) => c - (before[power] ?? 0));
    [before, current] = [current, next];
  }
  return { middle, radius, coefficients };
}
