import { checkBalance, joinRecords, unpackCifar10 } from './cifar10-batches';
import { parseCifar10 } from './cifar10-records';
import { cifar10Names } from './class-names';
import { buildDataset, type Dataset, type DatasetWithValidation, type LayoutOptions } from './dataset';
import type { LocateOptions } from './load-options';
import { locate } from './locate';
import { cifar10, cifar10LosslessSubset, cifar10OrSubset } from './published-files';

/** Options of `loadCifar10`. `flatten` is false unless given. */
export interface LoadCifar10Options extends LocateOptions, LayoutOptions {
  /**
   * Whether a folder that holds only the lossless subset (8,068 training and 1,017 test records) will do. Default true.
   * The name of the data set then says so: accuracies on it do not compare with those on the whole set.
   */
  readonly subset?: boolean | undefined;
}

/**
 * CIFAR-10: 50,000 training and 10,000 test colour images in ten classes, [n, 3, 32, 32] or [n, 3072].
 * It is searched for and downloaded as `loadMnist` does it.
 *
 * Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
 */
export function loadCifar10(
  options: LoadCifar10Options & { readonly validation: number },
): Promise<DatasetWithValidation>;
export function loadCifar10(options?: LoadCifar10Options): Promise<Dataset>;
export async function loadCifar10(options: LoadCifar10Options = {}): Promise<Dataset> {
  const set = options.subset === false ? cifar10 : cifar10OrSubset;
  const { arrangement, contents, where } = await locate('loadCifar10', set, options);
  const isWhole = arrangement !== cifar10LosslessSubset;
  const files = arrangement === set.download ? await unpackCifar10(contents[0] as Uint8Array, where) : contents;
  const records = files.map(parseCifar10);
  const train = joinRecords(records.slice(0, -1));
  const test = joinRecords(records.slice(-1));
  if (isWhole) {
    checkBalance(train, 5000, `${where}: training part`);
    checkBalance(test, 1000, `${where}: test part`);
  }
  return buildDataset(
    'loadCifar10',
    {
      name: isWhole ? 'CIFAR-10' : 'CIFAR-10 lossless subset',
      synthetic: false,
      source: where,
      classNames: cifar10Names,
    },
    { train, test },
    { shape: [3, 32, 32], flatten: options.flatten ?? false, validation: options.validation },
  );
}
