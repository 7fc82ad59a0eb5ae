import { ProgressLine } from '../report/progress-line';
import { type Job, jobTitle } from './job';
import { duration } from './report/run';

/** One line for all jobs: how much of the work is done, by the estimates of the jobs, and how long the rest takes. */
export class JobsProgress {
  private readonly line: ProgressLine;
  private readonly isTerminal: boolean;
  private readonly shares = new Map<Job, number>();
  private readonly total: number;
  private readonly began = performance.now();
  private started = 0;
  private running = 0;
  private latest = '';

  constructor(
    stream: NodeJS.WritableStream & { isTTY?: boolean; columns?: number },
    private readonly jobs: readonly Job[],
  ) {
    this.isTerminal = stream.isTTY === true;
    this.line = new ProgressLine(stream, jobs.length);
    this.total = jobs.reduce((sum, job) => sum + job.seconds, 0);
  }

  start(job: Job): void {
    this.started++;
    this.running++;
    this.latest = jobTitle(job);
    this.draw();
  }

  advance(job: Job, share: number): void {
    this.shares.set(job, Math.min(Math.max(share, 0), 1));
    this.draw();
  }

  end(job: Job): void {
    this.running--;
    this.advance(job, 1);
  }

  clear(): void {
    this.line.clear();
  }

  private draw(): void {
    const done = this.jobs.reduce((sum, job) => sum + job.seconds * (this.shares.get(job) ?? 0), 0) / this.total;
    const left = ((performance.now() - this.began) / 1000) * (1 / done - 1);
    // What the first moments say about the rest is mostly noise.
    const rest = done > 0.02 ? `, ${duration(left)} left` : '';
    const state = `${Math.floor(100 * done)} %, ${this.running} running${rest}`;
    // A narrow terminal cuts the end off; elsewhere the title is all that is written.
    const [title, phase] = this.isTerminal ? [state, this.latest] : [this.latest, state];
    this.line.show(this.started - 1, title, phase, done);
  }
}
