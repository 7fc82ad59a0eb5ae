/** The published suites of cause-effect pairs that `loadCausePairs` knows. */
export const causePairSuiteNames = ['AN', 'AN-s', 'LS', 'LS-s', 'MN-U', 'SIM', 'SIM-c', 'Tuebingen'] as const;

/** The name of a published suite. */
export type CausePairSuiteName = (typeof causePairSuiteNames)[number];

/** A suite as its authors publish it. */
export interface PublishedSuite {
  readonly name: string;
  /** Folders to look in, inside each data folder. */
  readonly folders: readonly string[];
  /** How the files are written: by Tagasovska et al. (CSV, `pairs_gt.txt`), or Mooij et al. (columns, `pairmeta.txt`). */
  readonly layout: 'anlsmn' | 'mooij';
  /** Numbers 1 to `count` name the pairs. */
  readonly count: number;
  /** Rows of every pair, where they all have as many. */
  readonly rows?: number;
  /** Pairs of which a variable has few values. */
  readonly discrete: readonly number[];
  /** SHA-256 of the numbers, see `digestOf`. */
  readonly digest?: string;
}

function anlsmn(name: string, digest: string): PublishedSuite {
  const folder = `ANLSMN_pairs/${name}`;
  const folders = [`cause-effect-pairs/${folder}`, folder];
  return { name, folders, layout: 'anlsmn', count: 100, rows: 1000, discrete: [], digest };
}

function simulated(name: string, digest: string): PublishedSuite {
  const folder = `Benchmark_simulated/${name}`;
  const folders = [`cause-effect-pairs/${folder}`, folder];
  return { name, folders, layout: 'mooij', count: 100, rows: 1000, discrete: [], digest };
}

export const publishedSuites: Readonly<Record<CausePairSuiteName, PublishedSuite>> = {
  AN: anlsmn('AN', '8da97af65691d3d4472bd6b63f188c8088c696080d65cc8d24e132c06c868304'),
  'AN-s': anlsmn('AN-s', '70ba4499190bf98cab43ae67748487a5d11b3dfcc6f83075bfdda7f4eb89e725'),
  LS: anlsmn('LS', 'b1e957ff1f8bb873f3531bfcf34a0694ca85a3114b208132fba5cffae007765d'),
  'LS-s': anlsmn('LS-s', 'da5a83d72d7a6f0684a13eea0118119dfcea3ae4ba1fd67b162966a70b7b1b76'),
  'MN-U': anlsmn('MN-U', '395239dc34d184de4adc9ab5c25e1dac50431e6a635cb825abcf9a547eda46b4'),
  SIM: simulated('SIM', 'b4204a6247b383bef5623b42672e8e491a79c970067378a3f87b50d1612a94a7'),
  'SIM-c': simulated('SIM-c', '0c6e48c39381b52c5b902d48ea9bf3627faa8744b16a365e56f18a6b65598cec'),
  Tuebingen: {
    name: 'Tuebingen',
    folders: ['cause-effect-pairs/Tuebingen', 'Tuebingen'],
    layout: 'mooij',
    count: 108,
    discrete: [47, 70, 107],
    digest: '20ab69fb475856dd217c9dc8a58804653a558bc3aa3eed081975eaf91d726736',
  },
};
