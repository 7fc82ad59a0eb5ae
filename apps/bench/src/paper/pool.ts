/** What a job takes, as far as the pool is concerned. */
export interface Load {
  readonly seconds: number;
  readonly memory: number;
}

export interface PoolLimits {
  /** Jobs at the same time. */
  readonly processes: number;
  /** What running jobs may use together, in MB. A job that needs more by itself runs alone. */
  readonly memory: number;
}

/**
 * Runs every job, the longest first, as many at a time as the limits admit. A job that fails does not stop the others:
 * `run` has to deal with it. Once the signal is aborted no further job is started.
 */
export async function runPool<J extends Load>(
  jobs: readonly J[],
  limits: PoolLimits,
  run: (job: J) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const waiting = jobs.toSorted((a, b) => b.seconds - a.seconds);
  const running = new Map<J, Promise<void>>();
  let used = 0;
  const fits = (job: J) => running.size === 0 || used + job.memory <= limits.memory;
  while (waiting.length > 0 || running.size > 0) {
    while (!signal.aborted && running.size < limits.processes) {
      const next = waiting.findIndex(fits);
      if (next < 0) break;
      const [job] = waiting.splice(next, 1) as [J];
      used += job.memory;
      const done = run(job).finally(() => {
        used -= job.memory;
        running.delete(job);
      });
      running.set(job, done);
    }
    if (running.size === 0) return;
    await Promise.race(running.values());
  }
}
