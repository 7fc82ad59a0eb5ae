/** A named value of a run. */
export function figure(values: Readonly<Record<string, number>>, name: string): number {
  const value = values[name];
  if (value === undefined) throw new RangeError(`expected a value "${name}", got ${Object.keys(values).join(', ')}`);
  return value;
}
