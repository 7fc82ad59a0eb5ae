import { random } from '@forback/core';

/** Standard normal numbers. */
export function normals(seed: number, n: number): Float64Array {
  return Float64Array.from(random.normal(random.key(seed), { shape: [n], dtype: 'float64' }).dataSync());
}

/** Uniform numbers between two bounds. */
export function uniforms(seed: number, n: number, minval = 0, maxval = 1): Float64Array {
  return Float64Array.from(
    random.uniform(random.key(seed), { shape: [n], minval, maxval, dtype: 'float64' }).dataSync(),
  );
}

/** The location and the scale of `locationScalePair`. */
export const truth = {
  location: (x: number) => Math.sin(2 * x) + x / 2,
  scale: (x: number) => 0.1 + 0.2 * (x + 2),
};

/** x uniform on ±2 causes y = location(x) + scale(x) · normal, a noise that grows ninefold from left to right. */
export function locationScalePair(seed: number, n: number): { x: Float64Array; y: Float64Array } {
  const x = uniforms(seed, n, -2, 2);
  const noise = normals(seed + 1000, n);
  return { x, y: x.map((v, i) => truth.location(v) + truth.scale(v) * (noise[i] as number)) };
}

/** The values in another order. */
export function shuffled(values: Float64Array, seed: number): Float64Array {
  const order = random.permutation(random.key(seed), values.length).dataSync();
  return Float64Array.from(order, (i) => values[i] as number);
}
