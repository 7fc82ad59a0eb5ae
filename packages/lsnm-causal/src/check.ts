import { ArgumentError, DTypeError, ShapeError } from '@forback/core';

/** Checks a whole number. @throws ArgumentError that names it. */
export function checkCount(where: string, name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new ArgumentError(`${where}: expected ${name} to be a whole number of ${least} or more, got ${String(value)}`);
}

/** Array, Float32Array, Number and so on. */
function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/**
 * Checks two samples by their names.
 *
 * @throws DTypeError for other than Float64Arrays, ShapeError for unequal lengths or fewer values than `least`, ArgumentError
 *   for values that are not finite.
 */
export function checkSamples(where: string, samples: Readonly<Record<string, Float64Array>>, least: number): void {
  const entries = Object.entries(samples);
  for (const [name, values] of entries) {
    if (!(values instanceof Float64Array))
      throw new DTypeError(
        `${where}: expected ${name} to be a Float64Array, got ${kindOf(values)}; use Float64Array.from`,
      );
    if (values.length < least)
      throw new ShapeError(`${where}: expected at least ${least} values, got ${values.length} in ${name}`);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new ArgumentError(`${where}: expected finite numbers, got ${values[bad]} in ${name}[${bad}]`);
  }
  const [[first, a], [second, b]] = entries as [[string, Float64Array], [string, Float64Array]];
  if (a.length !== b.length)
    throw new ShapeError(
      `${where}: expected samples of equal length, got ${a.length} in ${first} and ${b.length} in ${second}`,
    );
}
