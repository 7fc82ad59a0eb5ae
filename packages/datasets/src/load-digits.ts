import { random } from '@forback/core';
import type { Dataset, DatasetWithValidation } from './dataset';
import { DatasetNotFoundError } from './errors';
import { type LoadMnistOptions, loadMnist } from './load-mnist';
import { type SyntheticDigitsOptions, syntheticDigitsDataset } from './synthetic-digits';

export interface LoadDigitsOptions extends LoadMnistOptions {
  /** Key of the synthetic digits. Default `random.key(0)`. */
  readonly key?: random.Key | undefined;
  /** How many synthetic digits to draw, and how. Default as many as MNIST has: 60,000 and 10,000. */
  readonly synthetic?: (SyntheticDigitsOptions & { readonly train?: number; readonly test?: number }) | undefined;
}

/**
 * MNIST where it can be found or downloaded, otherwise synthetic digits of the same layout: `synthetic` says which, and
 * `source` from where or why. Files that are damaged or of another data set still throw.
 */
export function loadDigits(
  options: LoadDigitsOptions & { readonly validation: number },
): Promise<DatasetWithValidation>;
export function loadDigits(options?: LoadDigitsOptions): Promise<Dataset>;
export async function loadDigits(options: LoadDigitsOptions = {}): Promise<Dataset> {
  const { key, synthetic, ...loading } = options;
  try {
    return await loadMnist(loading);
  } catch (error) {
    if (!(error instanceof DatasetNotFoundError)) throw error;
    const digits = syntheticDigitsDataset(key ?? random.key(0), {
      train: 60_000,
      test: 10_000,
      ...synthetic,
      flatten: options.flatten,
      validation: options.validation,
    });
    return { ...digits, source: `${digits.source}; MNIST was not found: ${error.attempts.join('; ')}` };
  }
}
