/** A number with three significant digits and no exponent. */
export function short(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}

/** A ratio, as in 2.31x. */
export function times(ratio: number): string {
  return `${short(ratio)}x`;
}
