import type { Region } from '../program/program';

let current: Region | undefined;

/** Where operations are recorded at the moment. */
export function currentRegion(): Region | undefined {
  return current;
}

/** What `f` records belongs to the region. */
export function withRegion<T>(region: Region | undefined, f: () => T): T {
  if (region === undefined) return f();
  const outer = current;
  current = region;
  try {
    return f();
  } finally {
    current = outer;
  }
}
