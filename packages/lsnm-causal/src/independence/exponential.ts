/** Steps of the table from 1 to 2, a power of two. */
const steps = 256;

/** 2^(j/256) from square roots, which every engine rounds alike. */
const fractions = /* @__PURE__ */ tableOf(steps, (j) => {
  let value = 1;
  for (let bit = steps / 2, root = Math.SQRT2; bit >= 1; bit /= 2, root = Math.sqrt(root)) if (j & bit) value *= root;
  return value;
});

/** 2^−k; 0 from k = 1075 on. */
const powers = /* @__PURE__ */ tableOf(1200, (k) => 2 ** -k);

/**
 * exp(v) for v ≤ 0 to a relative error of 1e-15, or 0 below −745. Twice as fast as `Math.exp` and, unlike it, of the same bits
 * in every engine.
 */
export function expOfNegative(v: number): number {
  if (v < -745) return 0;
  const position = Math.ceil(v * (steps / Math.LN2) - 0.5);
  // v − position · ln2/256, with ln2/256 in two parts of which the first has room for the product.
  const r = v - position * (0x162e42c / 2 ** 33) - position * 4.582212314485292e-10;
  const polynomial = 1 + r * (1 + r * (0.5 + r * (1 / 6 + r / 24)));
  const whole = position >> 8;
  return polynomial * (fractions[position - whole * steps] as number) * (powers[-whole] as number);
}

function tableOf(length: number, value: (i: number) => number): Float64Array {
  return Float64Array.from({ length }, (_, i) => value(i));
}
