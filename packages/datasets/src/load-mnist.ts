import { clothingNames, digitNames } from './class-names';
import { buildDataset, type Dataset, type DatasetWithValidation, type LayoutOptions } from './dataset';
import { parseIdx } from './idx';
import type { LocateOptions } from './load-options';
import { locate } from './locate';
import { fashionMnist, mnist, type PublishedSet } from './published-files';

/** Options of `loadMnist` and `loadFashionMnist`. `flatten` is true unless given. */
export interface LoadMnistOptions extends LocateOptions, LayoutOptions {}

/**
 * MNIST: 60,000 training and 10,000 test images of handwritten digits, [n, 784] or [n, 1, 28, 28].
 *
 * Searches `dataDir`, `FORBACK_DATA_DIR`, `../shared/data` beside the workspace and the user's cache folder, then
 * downloads into `dataDir` or the cache. Throws `DatasetNotFoundError` where there is none, `FormatError` for files that
 * are damaged or another data set's.
 *
 * Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".
 */
export function loadMnist(options: LoadMnistOptions & { readonly validation: number }): Promise<DatasetWithValidation>;
export function loadMnist(options?: LoadMnistOptions): Promise<Dataset>;
export function loadMnist(options: LoadMnistOptions = {}): Promise<Dataset> {
  return load('loadMnist', mnist, digitNames, options);
}

/**
 * Fashion-MNIST: 60,000 training and 10,000 test images of clothing in ten classes, [n, 784] or [n, 1, 28, 28].
 * It is searched for and downloaded as `loadMnist` does it.
 *
 * Source: H. Xiao, K. Rasul, R. Vollgraf, arXiv 1708.07747.
 */
export function loadFashionMnist(
  options: LoadMnistOptions & { readonly validation: number },
): Promise<DatasetWithValidation>;
export function loadFashionMnist(options?: LoadMnistOptions): Promise<Dataset>;
export function loadFashionMnist(options: LoadMnistOptions = {}): Promise<Dataset> {
  return load('loadFashionMnist', fashionMnist, clothingNames, options);
}

async function load(
  caller: string,
  set: PublishedSet,
  classNames: readonly string[],
  options: LoadMnistOptions,
): Promise<Dataset> {
  const { contents, where } = await locate(caller, set, options);
  const [trainLabels, testLabels, trainImages, testImages] = contents as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const images = (bytes: Uint8Array) => parseIdx(bytes, { expect: 'images' }).data;
  const labels = (bytes: Uint8Array) => parseIdx(bytes, { expect: 'labels' }).data;
  return buildDataset(
    caller,
    { name: set.title, synthetic: false, source: where, classNames },
    {
      train: { images: images(trainImages), labels: labels(trainLabels) },
      test: { images: images(testImages), labels: labels(testLabels) },
    },
    { shape: [1, 28, 28], flatten: options.flatten ?? true, validation: options.validation },
  );
}
