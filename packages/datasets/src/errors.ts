import { ForbackError } from '@forback/core';

/** A data set that is in none of the places searched and that could not be downloaded. `attempts` has one line for each place. */
export class DatasetNotFoundError extends ForbackError {
  override readonly name = 'DatasetNotFoundError';
  readonly attempts: readonly string[];

  constructor(summary: string, attempts: readonly string[], remedy: string) {
    super([`${summary} Tried:`, ...attempts.map((attempt) => `  - ${attempt}`), remedy].join('\n'));
    this.attempts = attempts;
  }
}
