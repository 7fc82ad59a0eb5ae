import { Command, InvalidArgumentError } from 'commander';

export interface JobOptions {
  epochs: number;
  hidden: number[];
  batchSize: number;
  seed: number;
  /** Training images to use; undefined means all that are not held out. */
  samples: number | undefined;
  /** Draw digits instead of looking for MNIST. */
  synthetic: boolean;
  dataDir: string | undefined;
  download: boolean;
  output: string;
}

function whole(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Expected a whole number of ${least} or more.`);
  };
}

function layerSizes(text: string): number[] {
  const sizes = text.split(',').map(Number);
  if (sizes.every((n) => Number.isSafeInteger(n) && n >= 1 && n <= 20_000)) return sizes;
  throw new InvalidArgumentError('Expected layer sizes from 1 to 20000 with commas between them, such as 500,500,500.');
}

/** The command line. `run` gets the checked options. */
export function commandLine(run: (options: JobOptions) => Promise<void>): Command {
  return new Command('npm start --')
    .description(
      'Trains a network on handwritten digits with the Forward-Forward algorithm, and beside it the same network with ' +
        'backpropagation. Uses MNIST where it can be found or downloaded, and draws synthetic digits otherwise.',
    )
    .option('-e, --epochs <n>', 'passes over the training images, for each of the two methods', whole(1), 4)
    .option('--hidden <sizes>', 'units of the hidden layers', layerSizes, [500, 500])
    .option('-b, --batch-size <n>', 'images in a batch', whole(1), 100)
    .option('-s, --seed <n>', 'seed of parameters, negatives and order', whole(0), 0)
    .option('-n, --samples <n>', 'training images to use (default: all 50,000 that are not held out)', whole(1))
    .option('--synthetic', 'use synthetic digits, without looking for MNIST', false)
    .option('--data-dir <folder>', 'folder that holds mnist/ (also: FORBACK_DATA_DIR)')
    .option('--no-download', 'do not download MNIST when it is on no disk')
    .option('-o, --output <folder>', 'folder for the picture and the numbers', 'forback-runs')
    .allowExcessArguments(false)
    .exitOverride()
    .action(run);
}
