import { appendFile, mkdir, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Job, jobKey } from './job';
import type { Json, Values } from './row';

/** A finished run: a line of the results folder. */
export interface StoredResult {
  readonly package: string;
  readonly experiment: string;
  readonly seed: number;
  readonly settings: Json;
  readonly version: string;
  readonly values: Values;
  /** Time that the run took. */
  readonly seconds: number;
  /** The most memory that its process had, in MB. */
  readonly memory: number;
  readonly node: string;
  readonly cpu: string;
  /** Of the repository, with `-dirty` where something was not committed; null where git does not say. */
  readonly commit: string | null;
  /** ISO 8601. */
  readonly finished: string;
}

/** Finished runs on disk, a file of JSON lines for each package. Lines are only ever added. */
export class ResultStore {
  private readonly results = new Map<string, StoredResult>();

  private constructor(private readonly folder: string) {}

  /** Reads what there is. A line that was cut off when its process was killed does not count. */
  static async open(folder: string): Promise<ResultStore> {
    const store = new ResultStore(folder);
    const files = await readdir(folder).catch(() => []);
    for (const file of files.filter((name) => name.endsWith('.jsonl'))) {
      for (const line of (await readFile(join(folder, file), 'utf8')).split('\n')) {
        const result = parse(line);
        if (result !== null) store.results.set(jobKey(result), result);
      }
    }
    return store;
  }

  get(job: Job): StoredResult | undefined {
    return this.results.get(jobKey(job));
  }

  /** The version that the latest result of a job was computed with, whatever the job's own. */
  latestVersion(job: Job): string | undefined {
    const key = jobKey({ ...job, version: '' });
    const versions = [...this.results.values()].filter((r) => jobKey({ ...r, version: '' }) === key);
    return versions.sort((a, b) => (a.finished < b.finished ? 1 : -1))[0]?.version;
  }

  /** Makes results that are on disk unknown to this run. */
  forget(jobs: readonly Job[]): void {
    for (const job of jobs) this.results.delete(jobKey(job));
  }

  async add(result: StoredResult): Promise<void> {
    this.results.set(jobKey(result), result);
    await mkdir(this.folder, { recursive: true });
    const file = join(this.folder, `${result.package}.jsonl`);
    const line = `${JSON.stringify(result)}\n`;
    await appendFile(file, (await endsWithNewline(file)) ? line : `\n${line}`);
  }
}

function parse(line: string): StoredResult | null {
  try {
    const result = JSON.parse(line) as StoredResult;
    return typeof result === 'object' && result !== null && 'values' in result ? result : null;
  } catch {
    return null;
  }
}

async function endsWithNewline(file: string): Promise<boolean> {
  const handle = await open(file, 'r').catch(() => null);
  if (handle === null) return true;
  try {
    const { size } = await handle.stat();
    if (size === 0) return true;
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer.toString() === '\n';
  } finally {
    await handle.close();
  }
}
