import { ArgumentError } from '../errors';
import type { Schedule } from './schedules';

function check(where: string, name: string, value: unknown, fine: boolean, expected: string): void {
  if (typeof value === 'number' && fine) return;
  throw new ArgumentError(`${where}: expected ${name} to be ${expected}, got ${String(value)}`);
}

export function checkFinite(where: string, name: string, value: number): void {
  check(where, name, value, Number.isFinite(value), 'a finite number');
}

export function checkPositive(where: string, name: string, value: number): void {
  check(where, name, value, Number.isFinite(value) && value > 0, 'a finite number above 0');
}

export function checkAtLeast(where: string, name: string, value: number, least: number): void {
  check(where, name, value, Number.isFinite(value) && value >= least, `a finite number of ${least} or more`);
}

/** A decay rate. */
export function checkDecay(where: string, name: string, value: number): void {
  check(where, name, value, value >= 0 && value < 1, 'a number of 0 or more, below 1');
}

export function checkSteps(where: string, name: string, value: number, least: number): void {
  check(where, name, value, Number.isInteger(value) && value >= least, `a whole number of ${least} or more`);
}

export function checkLearningRate(where: string, value: number | Schedule): void {
  if (typeof value === 'function') return;
  check(
    where,
    'learningRate',
    value,
    Number.isFinite(value) && value >= 0,
    'a finite number of 0 or more, or a schedule',
  );
}
