import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Job } from './job';
import type { FromJob, ToJob } from './job-messages';

/** How a job ended. */
export type JobOutcome = Exclude<FromJob, { kind: 'progress' }> | { readonly kind: 'stopped' };

export interface RunJobOptions {
  readonly signal: AbortSignal;
  readonly dataDir: string | undefined;
  /** Of the job's engine. */
  readonly threads: number;
  onProgress(share: number): void;
}

/** Time that a process has to end by itself after it was told to stop. */
const grace = 2000;
const keptOutput = 2000;

/** Runs a job in a process of its own, from the sources. Never rejects: a process that dies is a job that failed. */
export function runJob(job: Job, { signal, dataDir, threads, onProgress }: RunJobOptions): Promise<JobOutcome> {
  return new Promise((resolve) => {
    const child = fork(join(import.meta.dirname, 'job-process.ts'), [], {
      execArgv: ['--conditions=@forback/source', '--import', import.meta.resolve('tsx')],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Out of reach of the terminal's Ctrl-C, which is for us to handle. It ends when its channel closes.
      detached: process.platform !== 'win32',
    });
    let outcome: JobOutcome | null = null;
    let errors = '';
    let killer: NodeJS.Timeout | undefined;
    const tell = (message: ToJob) => child.connected && child.send(message, () => {});
    const stop = () => {
      tell({ do: 'stop' });
      killer = setTimeout(() => child.kill('SIGKILL'), grace);
    };
    const end = (how: string) => {
      clearTimeout(killer);
      signal.removeEventListener('abort', stop);
      const said = errors.trim();
      if (signal.aborted && outcome?.kind !== 'done') resolve({ kind: 'stopped' });
      else resolve(outcome ?? { kind: 'failed', reason: `${how}${said === '' ? '' : `. Its last words: ${said}`}` });
    };
    child.stderr?.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-keptOutput);
    });
    child.on('message', (message: FromJob) => {
      if (message.kind === 'progress') onProgress(message.share);
      else outcome = message;
    });
    child.on('error', (error) => end(`the process could not be started: ${error.message}`));
    child.on('close', (code, killedBy) => end(howItEnded(code, killedBy, job)));
    signal.addEventListener('abort', stop);
    tell({
      do: 'run',
      file: job.file,
      experiment: job.experiment,
      seed: job.seed,
      settings: job.settings,
      dataDir: dataDir ?? null,
      threads,
    });
    if (signal.aborted) stop();
  });
}

function howItEnded(code: number | null, killedBy: NodeJS.Signals | null, { memory }: Job): string {
  if (killedBy === null) return `the process ended with exit code ${code}`;
  const guess = killedBy === 'SIGKILL' ? `, perhaps for want of memory: its estimate is ${memory} MB` : '';
  return `the process was ended by ${killedBy}${guess}`;
}
