import { ArgumentError } from '@forback/core';

/**
 * The factor on the learning rate in epoch e = 1 ... E: 1 for the first half, then (1 + 2 (E − e)) / E, which falls in a
 * line to 1 / E (Hinton 2022, released script).
 */
export function halfThenLinear(epoch: number, epochs: number): number {
  if (!(epoch >= 1 && epoch <= epochs)) {
    throw new ArgumentError(`halfThenLinear: expected an epoch from 1 to ${epochs}, got ${epoch}`);
  }
  return epoch <= epochs / 2 ? 1 : (1 + 2 * (epochs - epoch)) / epochs;
}
