import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { peerNames } from './measure/find-contestants';

export interface PerfOptions {
  only: RegExp | undefined;
  list: boolean;
  json: string | undefined;
  html: string | undefined;
  threads: number;
  node: string | undefined;
  repetitions: number;
  sample: number;
  warm: number;
  peers: string[] | undefined;
  init: Record<string, unknown>;
  source: boolean;
}

export interface PaperOptions {
  only: string | undefined;
  list: boolean;
  quick: boolean;
  seeds: number | undefined;
  json: string | undefined;
  html: string | undefined;
  /** A package whose README gets its table from the published results. */
  readme: string | undefined;
  fresh: boolean;
  jobs: number | undefined;
  /** In MB. */
  memory: number | undefined;
  data: string | undefined;
  results: string | undefined;
}

export interface Commands {
  perf(options: PerfOptions): Promise<void>;
  paper(options: PaperOptions): Promise<void>;
  setup(): Promise<void>;
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError(`Expected a regular expression. ${error instanceof Error ? error.message : ''}`);
  }
}

function names(text: string): string[] {
  if (text === 'none') return [];
  const wanted = text.split(',');
  const unknown = wanted.find((name) => !peerNames.includes(name));
  if (unknown === undefined) return wanted;
  throw new InvalidArgumentError(`There is no peer "${unknown}". There are: ${peerNames.join(', ')}; or none.`);
}

function record(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError('Expected a JSON object, such as \'{"backend":"reference"}\'.');
}

/** The command line. The commands get checked options. */
export function commandLine(commands: Commands): Command {
  const program = new Command('pnpm bench')
    .description('Benchmarks of forback.')
    .allowExcessArguments(false)
    .exitOverride();
  program
    .command('perf')
    .description('Measures the speed of forback and of its peers, in turns, after their results have been compared.')
    .option('--only <regex>', 'cases whose name matches', pattern)
    .option('--list', 'list the cases and stop', false)
    .option('--json <file>', 'write the numbers to a file')
    .option('--html <file>', 'write a report with plots to a file')
    .option('--threads <n>', 'threads for everybody who can use them', whole(1, 256), availableParallelism())
    .option(
      '--node <path>',
      'the Node that runs forback and the peers in JavaScript; 24 means the one that setup installs',
    )
    .option('--repetitions <n>', 'rounds, in each of which everybody is measured once', whole(1, 1000), 7)
    .option('--sample <ms>', 'how long a sample should last', whole(1, 60_000), 100)
    .option('--warm <ms>', 'how long everybody runs before samples are taken', whole(0, 60_000), 500)
    .option('--peers <names>', 'peers to compare with, with commas between them, or none (default: all)', names)
    .option('--init <json>', "options for forback's init", record, {})
    .option('--source', 'measure the sources instead of the built packages: for development', false)
    .allowExcessArguments(false)
    .exitOverride()
    .action(commands.perf);
  program
    .command('paper')
    .description('Repeats results of papers and compares them with the published ones. Finished runs are kept.')
    .option('--only <package>[/<row>]', 'rows of one package, or one row')
    .option('--list', 'list the rows and stop', false)
    .option('--quick', 'smaller settings: minutes instead of an hour', false)
    .option('--seeds <n>', 'seeds of each row (default: as many as the row asks for)', whole(1, 1000))
    .option('--json <file>', 'write the rows to a file')
    .option('--html <file>', 'write a report with plots to a file')
    .option('--readme <package>', "write the table of the package's README from the published results, and stop")
    .option('--fresh', 'run again what has been run', false)
    .option('--jobs <n>', 'processes at a time (default: one for each core)', whole(1, 1024))
    .option('--memory <MB>', 'memory for all processes together (default: 80 % of what is free)', whole(1, 1e9))
    .option('--data <folder>', 'folder with data sets (also: FORBACK_DATA_DIR)')
    .option(
      '--results <folder>',
      'where finished runs are kept (default: forback-runs/paper; with --readme: apps/bench/results)',
    )
    .allowExcessArguments(false)
    .exitOverride()
    .action(commands.paper);
  program
    .command('setup')
    .description('Installs the peers that come from npm, and Node 24, into apps/bench/peers.')
    .allowExcessArguments(false)
    .exitOverride()
    .action(() => commands.setup());
  return program;
}
