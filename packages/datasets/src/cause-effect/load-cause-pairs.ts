import { ArgumentError, type random } from '@forback/core';
import { exists, searchedFolders } from '../data-folders';
import { DatasetNotFoundError } from '../errors';
import type { AbortSignalLike } from '../load-options';
import { nodeModules } from '../node-modules';
import { type CausePairSuite, shuffleOrientation } from './cause-pair';
import { type CausePairSuiteName, causePairSuiteNames, type PublishedSuite, publishedSuites } from './published-suites';
import { pairFile, pairId, readSuite, truthFile } from './read-suite';

/** Options of `loadCausePairs`. */
export interface LoadCausePairsOptions {
  /** Folder that holds data sets, searched first. */
  readonly dataDir?: string | undefined;
  /** Exchanges x and y of each pair by a coin, see `shuffleOrientation`. Default: the order of the files. */
  readonly shuffle?: random.Key | undefined;
  /** Whether to keep the pairs 47, 70 and 107 of Tübingen, of which a variable has few values. Default false. */
  readonly discrete?: boolean | undefined;
  /** Stops the loading; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignalLike | undefined;
}

/**
 * A published suite of cause-effect pairs from a folder on this machine, in Node: 100 pairs of 1000 rows in each of AN,
 * AN-s, LS, LS-s, MN-U (Tagasovska et al. 2020), SIM and SIM-c (Mooij et al. 2016); of the 108 Tübingen pairs (the same)
 * the 99 of two continuous variables, whose weights add up to 35.4979. What is left out is listed in `excluded`.
 *
 * The folders are those of `loadMnist`, with the files in `cause-effect-pairs/ANLSMN_pairs/<suite>`,
 * `cause-effect-pairs/Benchmark_simulated/<suite>` and `cause-effect-pairs/Tuebingen`. Nothing is downloaded.
 *
 * Names of columns are not read: in the files of Tagasovska et al. they give the direction away.
 *
 * @throws ArgumentError for a suite that there is none of.
 * @throws DatasetNotFoundError where the files are in none of the folders; `syntheticCausePairs` needs none.
 * @throws FormatError for files that are empty, truncated, damaged, or not the published ones.
 */
export async function loadCausePairs(
  suite: CausePairSuiteName,
  options: LoadCausePairsOptions = {},
): Promise<CausePairSuite> {
  const published = publishedSuites[suite];
  if (published === undefined) {
    throw new ArgumentError(
      `loadCausePairs: expected suite to be one of ${causePairSuiteNames.join(', ')}, got ${String(suite)}`,
    );
  }
  return loadPublishedSuite('loadCausePairs', published, options);
}

/** The suite from the first folder that has all of its files. */
export async function loadPublishedSuite(
  caller: string,
  suite: PublishedSuite,
  { dataDir, shuffle, discrete = false, signal }: LoadCausePairsOptions,
): Promise<CausePairSuite> {
  const throwIfAborted = () => {
    if (signal?.aborted) throw signal.reason ?? new DOMException(`${caller}: aborted`, 'AbortError');
  };
  throwIfAborted();
  const attempts: string[] = [];
  const node = nodeModules();
  if (node === undefined) attempts.push('this platform has no files');
  else {
    for (const folder of await searchedFolders(node, dataDir)) {
      for (const where of suite.folders.map((name) => node.path.join(folder.path, name))) {
        if (!(await exists(node, node.path.join(where, truthFile(suite))))) continue;
        const missing: string[] = [];
        for (let number = 1; number <= suite.count; number++) {
          const name = pairFile(suite, number);
          if (!(await exists(node, node.path.join(where, name)))) missing.push(name);
        }
        if (missing.length > 0) {
          attempts.push(`${where}: ${missing.length} of ${suite.count} pairs missing, the first is ${missing[0]}`);
          continue;
        }
        const { pairs, excluded } = await readSuite(suite, async (name) => {
          throwIfAborted();
          const path = node.path.join(where, name);
          return { text: await node.fs.readFile(path, 'utf8'), path };
        });
        const few = new Set(discrete ? [] : suite.discrete.map((number) => pairId(suite, number)));
        const kept = pairs.filter(({ id }) => !few.has(id));
        return {
          name: suite.name,
          synthetic: false,
          source: where,
          pairs: shuffle === undefined ? kept : shuffleOrientation(shuffle, kept),
          excluded: [...excluded, ...[...few].map((id) => ({ id, reason: 'a variable has few values' }))],
        };
      }
      const state = (await exists(node, folder.path)) ? `no complete ${suite.name}` : 'no such folder';
      attempts.push(`${folder.path} (${folder.origin}): ${state}`);
    }
  }
  throw new DatasetNotFoundError(
    `${caller}: the pairs of ${suite.name} are in none of the folders searched; they are not downloaded.`,
    attempts,
    `Set FORBACK_DATA_DIR, or dataDir, to a folder with ${suite.folders[0]}/${truthFile(suite)} and ${pairFile(suite, 1)} to ` +
      `${pairFile(suite, suite.count)}. syntheticCausePairs(key, suite) needs no files.`,
  );
}
