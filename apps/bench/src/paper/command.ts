import { execFile } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { access, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Streams } from '../commands/perf';
import { machine } from '../measure/machine';
import type { PaperOptions } from '../options';
import { writeReport } from '../report/write-report';
import { type Extent, type Job, jobKey, jobTitle, planJobs } from './job';
import { judgeRow } from './judge';
import { loadRows, type PackageRows } from './load-rows';
import { runPool } from './pool';
import { JobsProgress } from './progress';
import { page } from './report/html';
import { toJson } from './report/json';
import { listing } from './report/listing';
import { markdown, withResults } from './report/markdown';
import { duration, type PaperRun } from './report/run';
import { table } from './report/table';
import { ResultStore } from './result-store';
import { type JobOutcome, runJob } from './run-job';

/** Where the command finds things. */
export interface PaperEnvironment {
  readonly rowsFolder: string;
  /** Of the user's own runs. */
  readonly resultsFolder: string;
  /** Of the runs behind the tables of the READMEs. */
  readonly publishedFolder: string;
  /** Of a package, by its folder's name. */
  readme(name: string): string;
  /** Of a package, by its folder's name. */
  version(name: string): Promise<string>;
}

const root = join(import.meta.dirname, '..', '..', '..', '..');

const workspace: PaperEnvironment = {
  rowsFolder: join(import.meta.dirname, 'rows'),
  resultsFolder: join(root, 'forback-runs', 'paper'),
  publishedFolder: join(root, 'apps', 'bench', 'results'),
  readme: (name) => join(root, 'packages', name, 'README.md'),
  async version(name) {
    const manifest = await readFile(join(root, 'packages', name, 'package.json'), 'utf8');
    return (JSON.parse(manifest) as { version: string }).version;
  },
};

/**
 * Repeats results of papers: runs what is not stored yet, and reports. Stopped half-way, it reports what there is, and
 * throws the reason.
 */
export async function paper(
  options: PaperOptions,
  signal: AbortSignal,
  { out, err }: Streams,
  environment: PaperEnvironment = workspace,
): Promise<void> {
  if (options.readme !== undefined) {
    const name = options.readme;
    const table = await readmeTable(name, environment, options.results);
    const file = environment.readme(name);
    await writeFile(file, withResults(await readFile(file, 'utf8'), table, file));
    out.write(`${file}: the table is written\n`);
    return;
  }
  const packages = await loadRows(environment.rowsFolder, options.only);
  if (options.list) {
    out.write(listing(packages));
    return;
  }
  const versions = await versionsOf(packages, environment);
  const jobs = packages.flatMap((p) => planJobs(p, options, versions[p.name] as string));
  const store = await ResultStore.open(options.results ?? environment.resultsFolder);
  if (options.fresh) store.forget(jobs);
  const todo = jobs.filter((job) => store.get(job) === undefined);
  const outcomes = new Map<string, JobOutcome>();
  const report = (complete: boolean): PaperRun => ({
    quick: options.quick,
    versions,
    rows: reportRows(packages, jobs, options, store, outcomes),
    ...describeResults(jobs, store),
    reused: jobs.length - todo.length,
    complete,
  });

  await runJobs(todo, options, signal, err, store, outcomes);
  const run = report(!signal.aborted);
  out.write(`\n${table(run)}`);
  if (options.json !== undefined) await writeReport(options.json, `${JSON.stringify(toJson(run), null, 2)}\n`, out);
  if (options.html !== undefined) await writeReport(options.html, page(run), out);
  signal.throwIfAborted();
  const failed = run.rows.filter((r) => r.verdict === 'failed').length;
  if (failed > 0) throw new Error(`${failed} of ${run.rows.length} rows failed`);
}

/** The table of a package from the published results, each with the version that it was computed with. */
export async function readmeTable(
  name: string,
  environment: PaperEnvironment = workspace,
  folder: string = environment.publishedFolder,
): Promise<string> {
  const extent = { quick: false, seeds: undefined };
  const packages = await loadRows(environment.rowsFolder, name);
  const store = await ResultStore.open(folder);
  const jobs = packages.flatMap((p) =>
    planJobs(p, extent, '').map((job) => ({ ...job, version: store.latestVersion(job) ?? '' })),
  );
  const versions = [...new Set(jobs.map((job) => job.version))].filter((version) => version !== '');
  return markdown({
    quick: false,
    versions: Object.fromEntries(versions.map((version) => [version, version])),
    rows: reportRows(packages, jobs, extent, store, new Map()),
    ...describeResults(jobs, store),
    reused: 0,
    complete: true,
  });
}

async function runJobs(
  jobs: readonly Job[],
  options: PaperOptions,
  signal: AbortSignal,
  err: Streams['err'],
  store: ResultStore,
  outcomes: Map<string, JobOutcome>,
): Promise<void> {
  if (jobs.length === 0) return;
  const processes = options.jobs ?? availableParallelism();
  // Not all of it: something else may be running.
  const memory = options.memory ?? Math.round((0.8 * process.availableMemory()) / 1e6);
  const work = jobs.reduce((sum, job) => sum + job.seconds, 0);
  const longest = Math.max(work / processes, ...jobs.map((job) => job.seconds));
  err.write(
    `${jobs.length} job${jobs.length === 1 ? '' : 's'}, at most ${processes} at a time in ${memory} MB, about ${duration(longest)}\n`,
  );
  for (const job of jobs.filter((j) => j.memory > memory))
    err.write(`${jobTitle(job)} needs ${job.memory} MB: it runs alone\n`);

  const { cpu } = machine();
  const threads = Math.max(1, Math.floor(availableParallelism() / processes));
  const commit = await currentCommit();
  const dataDir = options.data ?? (await defaultDataFolder());
  // Every running job listens.
  setMaxListeners(0, signal);
  const progress = new JobsProgress(err, jobs);
  const run = async (job: Job): Promise<void> => {
    progress.start(job);
    let outcome = await runJob(job, { signal, dataDir, threads, onProgress: (share) => progress.advance(job, share) });
    if (outcome.kind === 'done') {
      const { package: name, experiment, seed, settings, version } = job;
      const { values, seconds, memory: used } = outcome;
      const finished = new Date().toISOString();
      const node = process.versions.node;
      const id = { package: name, experiment, seed, settings, version };
      await store.add({ ...id, values, seconds, memory: used, node, cpu, commit, finished }).catch((error: unknown) => {
        outcome = { kind: 'failed', reason: `the result could not be stored: ${error}` };
      });
    }
    if (outcome.kind === 'failed') {
      progress.clear();
      err.write(`FAILED ${jobTitle(job)}: ${outcome.reason}\n`);
    }
    outcomes.set(jobKey(job), outcome);
    progress.end(job);
  };
  try {
    await runPool(jobs, { processes, memory }, run, signal);
  } finally {
    progress.clear();
  }
}

function reportRows(
  packages: readonly PackageRows[],
  jobs: readonly Job[],
  extent: Extent,
  store: ResultStore,
  outcomes: ReadonlyMap<string, JobOutcome>,
): PaperRun['rows'] {
  const byName = new Map(jobs.map((job) => [jobTitle(job), job]));
  return packages.flatMap(({ name, rows }) =>
    rows.map((row) =>
      judgeRow(name, row, extent, (experiment, seed) => {
        const job = byName.get(jobTitle({ package: name, experiment: experiment.name, seed }));
        const outcome = job && outcomes.get(jobKey(job));
        if (outcome?.kind === 'failed' || outcome?.kind === 'no data') return outcome;
        return job && store.get(job)?.values;
      }),
    ),
  );
}

function describeResults(jobs: readonly Job[], store: ResultStore): Pick<PaperRun, 'origins' | 'commits' | 'seconds'> {
  const results = jobs.flatMap((job) => store.get(job) ?? []);
  return {
    origins: [...new Set(results.map(({ cpu, node }) => `${cpu}, Node ${node}`))],
    commits: [...new Set(results.flatMap(({ commit }) => commit ?? []))],
    seconds: results.reduce((sum, r) => sum + r.seconds, 0),
  };
}

async function versionsOf(
  packages: readonly PackageRows[],
  environment: PaperEnvironment,
): Promise<Record<string, string>> {
  const core = await environment.version('core');
  const entries = packages.map(async ({ name }) => {
    const own = name === 'core' ? '' : `${name} ${await environment.version(name)}, `;
    return [name, `${own}core ${core}`] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function currentCommit(): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('git', ['describe', '--always', '--dirty'], { cwd: root });
    return stdout.trim();
  } catch {
    return null;
  }
}

/** `FORBACK_DATA_DIR`, or the folder beside the workspace; undefined leaves the search to the loaders. */
async function defaultDataFolder(): Promise<string | undefined> {
  const beside = join(root, '..', 'shared', 'data');
  if (process.env.FORBACK_DATA_DIR) return process.env.FORBACK_DATA_DIR;
  return access(beside).then(
    () => beside,
    () => undefined,
  );
}
