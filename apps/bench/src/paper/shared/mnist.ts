import { type DatasetWithValidation, loadFashionMnist, loadMnist, type Split } from '@forback/datasets';
import type { RunContext } from '../row';

type Where = Pick<RunContext, 'dataDir' | 'signal'>;

/** Data sets of 28 × 28 images in ten classes. */
export type ImageSet = 'MNIST' | 'Fashion-MNIST';

/** MNIST with 50,000 training, 10,000 validation and 10,000 test images, [n, 784] in [0, 1]. Nothing is downloaded. */
export function mnist({ dataDir, signal }: Where): Promise<DatasetWithValidation> {
  return loadMnist({ validation: 10_000, download: false, dataDir, signal });
}

/** MNIST or Fashion-MNIST, split as in `mnist`. Nothing is downloaded. */
export function imageSet(name: ImageSet, { dataDir, signal }: Where): Promise<DatasetWithValidation> {
  const load = name === 'MNIST' ? loadMnist : loadFashionMnist;
  return load({ validation: 10_000, download: false, dataDir, signal });
}

/** The first `n` examples. */
export function firstExamples({ images, labels }: Split, n: number): Split {
  return { images: images.slice([0, n]), labels: labels.slice([0, n]) };
}
