import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { main } from './cli';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forback-demo-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function run(args: string[], signal = new AbortController().signal) {
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err') =>
    ({
      write: (text: string) => {
        written[name] += text;
        return true;
      },
    }) as unknown as NodeJS.WriteStream;
  const code = await main(args, signal, { out: stream('out'), err: stream('err') });
  return { code, ...written };
}

const small = ['--synthetic', '--samples', '600', '--epochs', '2', '--hidden', '24,24', '--batch-size', '50'];

describe('the main job', () => {
  test('trains both ways, prints a table and the next command, and draws the curves', { timeout: 60_000 }, async () => {
    const { code, out } = await run([...small, '--output', folder]);
    expect(code).toBe(0);
    expect(out).toMatch(/SYNTHETIC/);
    expect(out).toMatch(/layers 784-24-24/);
    expect(out).toMatch(/Forward-Forward +\d+\.\d\d % +\d+\.\d\d %/);
    expect(out).toMatch(/backpropagation +\d+\.\d\d %/);
    expect(out).toMatch(/Train longer: +npm start -- /);
    expect(await readdir(folder)).toEqual(['forward-forward-seed0.html']);
    const page = await readFile(join(folder, 'forward-forward-seed0.html'), 'utf8');
    expect(page.match(/<svg /g)).toHaveLength(2);
    expect(page).not.toMatch(/NaN/);
  });

  test('stops when it is interrupted and leaves nothing behind', { timeout: 60_000 }, async () => {
    const stop = new AbortController();
    stop.abort();
    const { code, err } = await run([...small, '--output', folder], stop.signal);
    expect(code).toBe(130);
    expect(err).toMatch(/Stopped/);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('options', () => {
  test('are listed by --help', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    for (const name of [
      '--epochs',
      '--hidden',
      '--batch-size',
      '--seed',
      '--samples',
      '--synthetic',
      '--data-dir',
      '--no-download',
      '--output',
    ]) {
      expect(out).toContain(name);
    }
  });

  test.each([
    [['--epochs', '0'], /whole number of 1 or more/],
    [['--epochs', 'many'], /whole number of 1 or more/],
    [['--hidden', '300,-2'], /layer sizes from 1 to 20000/],
    [['--seed', '1.5'], /whole number of 0 or more/],
    [['--speed', '9'], /unknown option '--speed'/],
    [['extra'], /too many arguments/],
    [['--synthetic', '--samples', '20', '--batch-size', '21'], /--batch-size 21 is more than the 20 training images/],
    [['--synthetic', '--samples', '50001'], /--samples 50001 is more than the 50000/],
  ])('%j end with exit code 2 and a reason', { timeout: 60_000 }, async (args, reason) => {
    const { code, err } = await run([...args, '--output', folder]);
    expect(code).toBe(2);
    expect(err).toMatch(reason);
  });
});
