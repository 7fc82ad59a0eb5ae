/** One file of a data set as its authors publish it. */
export interface PublishedFile {
  readonly name: string;
  /** Size of the published file. */
  readonly bytes: number;
  /** Size of its content, where the file is gzip and is also accepted inflated. */
  readonly inflated?: number;
  /** SHA-256 in hexadecimal: of the inflated content where `inflated` is given, else of the file; absent where unknown. */
  readonly sha256?: string;
}

/** Where the files of a data set can be: on disk in one of several arrangements, or on the mirrors in the first of them. */
export interface PublishedSet {
  readonly title: string;
  /** Folders to look in, inside each data folder; downloads go to the first. */
  readonly folders: readonly string[];
  /** The sets of files that are each complete, in order of preference. */
  readonly arrangements: readonly (readonly PublishedFile[])[];
  /** The arrangement that the mirrors hold. */
  readonly download: readonly PublishedFile[];
  /** Base addresses. */
  readonly mirrors: readonly string[];
}

function idxFiles(sizes: readonly [string, bytes: number, inflated: number, sha256: string][]): PublishedFile[] {
  return sizes.map(([name, bytes, inflated, sha256]) => ({ name, bytes, inflated, sha256 }));
}

// Labels first: an unreachable network shows before anything large is asked for.
const mnistFiles = /* @__PURE__ */ idxFiles([
  ['train-labels-idx1-ubyte.gz', 28881, 60008, '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5'],
  ['t10k-labels-idx1-ubyte.gz', 4542, 10008, 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2'],
  ['train-images-idx3-ubyte.gz', 9912422, 47040016, 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db'],
  ['t10k-images-idx3-ubyte.gz', 1648877, 7840016, '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7'],
]);

const fashionMnistFiles = /* @__PURE__ */ idxFiles([
  ['train-labels-idx1-ubyte.gz', 29515, 60008, 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9'],
  ['t10k-labels-idx1-ubyte.gz', 5148, 10008, '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34'],
  [
    'train-images-idx3-ubyte.gz',
    26421880,
    47040016,
    'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
  ],
  ['t10k-images-idx3-ubyte.gz', 4422102, 7840016, '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b'],
]);

export const mnist: PublishedSet = {
  title: 'MNIST',
  folders: ['mnist', 'MNIST/raw', '.'],
  arrangements: [mnistFiles],
  download: mnistFiles,
  mirrors: ['https://ossci-datasets.s3.amazonaws.com/mnist/', 'https://storage.googleapis.com/cvdf-datasets/mnist/'],
};

export const fashionMnist: PublishedSet = {
  title: 'Fashion-MNIST',
  folders: ['fashion-mnist', 'FashionMNIST/raw', '.'],
  arrangements: [fashionMnistFiles],
  download: fashionMnistFiles,
  mirrors: [
    'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
    'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
  ],
};

const cifar10Archive: readonly PublishedFile[] = [
  {
    name: 'cifar-10-binary.tar.gz',
    bytes: 170052171,
    sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
  },
];

const cifar10Batches: readonly PublishedFile[] = [
  { name: 'data_batch_1.bin', bytes: 30730000 },
  { name: 'data_batch_2.bin', bytes: 30730000 },
  { name: 'data_batch_3.bin', bytes: 30730000 },
  { name: 'data_batch_4.bin', bytes: 30730000 },
  { name: 'data_batch_5.bin', bytes: 30730000 },
  { name: 'test_batch.bin', bytes: 30730000 },
];

export const cifar10LosslessSubset: readonly PublishedFile[] = [
  {
    name: 'lossless-train.bin',
    bytes: 24792964,
    sha256: '6fd0693da58bb2df5f9d7c738d95ded804ba73c2001d799e561cf0aa78943c02',
  },
  {
    name: 'lossless-test.bin',
    bytes: 3125241,
    sha256: 'c77ad46116beb3508f55d38aa34893560beae9515f9aca4a4dd0ea3617ac289e',
  },
];

export const cifar10 = {
  title: 'CIFAR-10',
  folders: ['cifar10', 'cifar-10-batches-bin', '.'],
  arrangements: [cifar10Batches, cifar10Archive],
  download: cifar10Archive,
  mirrors: ['https://www.cs.toronto.edu/~kriz/'],
} satisfies PublishedSet;

export const cifar10OrSubset: PublishedSet = {
  ...cifar10,
  arrangements: [...cifar10.arrangements, cifar10LosslessSubset],
};

/** What a file with this digest is, for files that are found under another name. */
export function identify(sha256: string): string | undefined {
  for (const set of [mnist, fashionMnist, cifar10OrSubset]) {
    const file = set.arrangements.flat().find((candidate) => candidate.sha256 === sha256);
    if (file !== undefined) return `${file.name} of ${set.title}`;
  }
  return undefined;
}
