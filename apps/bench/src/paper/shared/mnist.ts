import { type DatasetWithValidation, loadMnist, type Split } from '@forback/datasets';
import type { RunContext } from '../row';

/** MNIST with 50,000 training, 10,000 validation and 10,000 test images, [n, 784] in [0, 1]. Nothing is downloaded. */
export function mnist({ dataDir, signal }: Pick<RunContext, 'dataDir' | 'signal'>): Promise<DatasetWithValidation> {
  return loadMnist({ validation: 10_000, download: false, dataDir, signal });
}

/** The first `n` examples. */
export function firstExamples({ images, labels }: Split, n: number): Split {
  return { images: images.slice([0, n]), labels: labels.slice([0, n]) };
}
