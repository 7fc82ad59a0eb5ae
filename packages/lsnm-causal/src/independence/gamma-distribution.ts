/** ln Γ(x) for x > 0 by Stirling's series after shifting x above 10. */
export function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  while (z < 10) {
    shift += Math.log(z);
    z += 1;
  }
  const inverse = 1 / z;
  const square = inverse * inverse;
  const series =
    inverse *
    (1 / 12 -
      square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square * (1 / 1188 - (square * 691) / 360360)))));
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

/** Probability that a gamma variable of the given shape and scale exceeds x: the regularised upper incomplete gamma function. */
export function gammaUpperTail(x: number, shape: number, scale: number): number {
  const z = x / scale;
  if (z <= 0) return 1;
  const front = Math.exp(shape * Math.log(z) - z - logGamma(shape));
  // The series of the lower function converges fast below the mean, the continued fraction of the upper one above it.
  if (z < shape + 1) return Math.max(1 - front * lowerSeries(z, shape), 0);
  return Math.min(front * upperFraction(z, shape), 1);
}

/** Σ zⁱ Γ(a)/Γ(a + 1 + i). */
function lowerSeries(z: number, a: number): number {
  let term = 1 / a;
  let total = term;
  for (let i = 1; term > total * 1e-16; i++) {
    term *= z / (a + i);
    total += term;
  }
  return total;
}

/** 1/(z + 1 − a − 1(1 − a)/(z + 3 − a − 2(2 − a)/(z + 5 − a − …))) by the modified method of Lentz. */
function upperFraction(z: number, a: number): number {
  const tiny = 1e-300;
  let b = z + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let value = d;
  for (let i = 1; i < 100_000; i++) {
    const numerator = -i * (i - a);
    b += 2;
    d = numerator * d + b;
    c = b + numerator / c;
    if (Math.abs(d) < tiny) d = tiny;
    if (Math.abs(c) < tiny) c = tiny;
    d = 1 / d;
    const factor = d * c;
    value *= factor;
    if (Math.abs(factor - 1) < 1e-15) break;
  }
  return value;
}
