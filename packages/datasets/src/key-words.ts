import { ArgumentError, type random } from '@forback/core';

/** The words of a key, to start streams of random bits from. */
export function keyWords(caller: string, key: random.Key): number[] {
  if (key?.dtype !== 'uint32' || key.size !== 2) {
    throw new ArgumentError(`${caller}: expected a key from random.key(seed), got ${String(key)}`);
  }
  return Array.from(key.dataSync());
}
