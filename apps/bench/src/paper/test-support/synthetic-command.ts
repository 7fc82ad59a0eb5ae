import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PaperOptions } from '../../options';
import { type PaperEnvironment, paper } from '../command';
import type { JsonRow } from '../report/json';

/** The command with the synthetic rows instead of the real ones. Everything is written into one folder. */
export class SyntheticCommand {
  constructor(readonly folder: string) {}

  /** `error` is what the command threw. */
  async run(
    change: Partial<PaperOptions>,
    settings: { readonly signal?: AbortSignal; readonly version?: string } = {},
  ) {
    const { signal = new AbortController().signal, version = '1.0.0' } = settings;
    const written = { out: '', err: '' };
    const stream = (name: 'out' | 'err') =>
      ({
        write: (text: string) => {
          written[name] += text;
          return true;
        },
      }) as unknown as NodeJS.WriteStream;
    const options: PaperOptions = {
      only: undefined,
      list: false,
      quick: false,
      seeds: undefined,
      json: join(this.folder, 'run.json'),
      html: undefined,
      readme: undefined,
      fresh: false,
      jobs: 2,
      memory: undefined,
      data: this.folder,
      results: undefined,
      ...change,
    };
    const environment: PaperEnvironment = {
      rowsFolder: join(import.meta.dirname, 'rows'),
      resultsFolder: join(this.folder, 'results'),
      publishedFolder: join(this.folder, 'results'),
      readme: (name) => join(this.folder, `${name}.md`),
      version: async () => version,
    };
    const streams = { out: stream('out'), err: stream('err') };
    const error: unknown = await paper(options, signal, streams, environment).catch((reason: unknown) => reason);
    const json = JSON.parse(await readFile(join(this.folder, 'run.json'), 'utf8').catch(() => '[]')) as JsonRow[];
    return { ...written, error, json };
  }

  /** What was computed so far, in any process. */
  async log(): Promise<string[]> {
    const text = await readFile(join(this.folder, 'runs.log'), 'utf8').catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  }
}
