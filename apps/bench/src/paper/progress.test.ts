import { expect, test } from 'vitest';
import type { Job } from './job';
import { JobsProgress } from './progress';

const job = (experiment: string, seconds: number): Job => ({
  package: 'p',
  file: '/p.ts',
  experiment,
  seed: 0,
  settings: 1,
  version: '1',
  seconds,
  memory: 1,
});

function watch(isTTY: boolean) {
  const lines: string[] = [];
  const stream = { isTTY, columns: 200, write: (text: string) => lines.push(text) > 0 };
  const jobs = [job('long', 9), job('short', 1)] as const;
  return { lines, jobs, progress: new JobsProgress(stream as unknown as NodeJS.WriteStream, jobs) };
}

test('one bar shows the share of the work, in which long jobs count for more', () => {
  const { lines, jobs, progress } = watch(true);
  progress.start(jobs[0]);
  progress.advance(jobs[0], 0.5);
  expect(lines.at(-1)).toMatch(/█{11}░{13} 1\/2 45 %, 1 running, \d+ s left: p\/long seed 0$/);
  progress.start(jobs[1]);
  progress.advance(jobs[1], 7);
  expect(lines.at(-1)).toMatch(/2\/2 55 %, 2 running/);
  progress.end(jobs[0]);
  expect(lines.at(-1)).toMatch(/█{24} 2\/2 100 %, 1 running/);
});

test('where there is no terminal, a line for each job that starts', () => {
  const { lines, jobs, progress } = watch(false);
  for (const one of jobs) {
    progress.start(one);
    progress.advance(one, 0.5);
    progress.end(one);
  }
  expect(lines).toEqual(['1/2 p/long seed 0\n', '2/2 p/short seed 0\n']);
});
