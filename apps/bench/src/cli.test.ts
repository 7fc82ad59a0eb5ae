import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { main } from './cli';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forback-bench-cli-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function run(args: string[], { signal = new AbortController().signal, onError = (_: string) => {} } = {}) {
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err') =>
    ({
      write: (text: string) => {
        written[name] += text;
        if (name === 'err') onError(text);
        return true;
      },
    }) as unknown as NodeJS.WriteStream;
  const code = await main(args, signal, { out: stream('out'), err: stream('err') });
  return { code, ...written };
}

/** The smallest cases, from source, without peers. */
const quick = [
  'perf',
  '--source',
  '--peers',
  'none',
  '--repetitions',
  '1',
  '--sample',
  '2',
  '--warm',
  '0',
  '--threads',
  '1',
];

describe('perf', () => {
  test('measures a case and writes a table, JSON and a page', { timeout: 60_000 }, async () => {
    const [json, html] = [join(folder, 'deep', 'run.json'), join(folder, 'run.html')];
    const { code, out } = await run([...quick, '--only', '^tiny-step$', '--json', json, '--html', html]);
    expect(out).toMatch(/tiny-step +µs +\d/);
    expect(out).toMatch(/SOURCES/);
    expect(code).toBe(0);
    const [first, ...others] = JSON.parse(await readFile(json, 'utf8')) as Record<string, unknown>[];
    expect(others).toEqual([]);
    expect(first).toMatchObject({ case: 'tiny-step', unit: 'µs', peers: {}, ratios: {}, failures: [] });
    expect(first?.ours).toBeGreaterThan(0);
    expect(await readFile(html, 'utf8')).toContain('tiny-step');
  });

  test('interrupted in the second case writes the first', { timeout: 60_000 }, async () => {
    const stop = new AbortController();
    const json = join(folder, 'run.json');
    const onError = (text: string) => {
      if (text.includes('2/2')) stop.abort();
    };
    const { code, out, err } = await run([...quick, '--only', '^gemm-(64|128)$', '--json', json], {
      signal: stop.signal,
      onError,
    });
    expect(code).toBe(130);
    expect(err).toMatch(/Stopped/);
    expect(out).toMatch(/STOPPED before the last case/);
    expect((JSON.parse(await readFile(json, 'utf8')) as { case: string }[]).map((c) => c.case)).toEqual(['gemm-64']);
  });

  test('lists the cases', async () => {
    const { code, out } = await run(['perf', '--list', '--only', 'gemm-(64|100)']);
    expect(code).toBe(0);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(['gemm-64', 'gemm-100x784x500']);
  });
});

test('paper lists the rows of the workspace', async () => {
  const { code, out } = await run(['paper', '--list', '--only', 'forward-forward/paper-scan']);
  expect(code).toBe(0);
  expect(out).toMatch(/^forward-forward\n {2}paper-scan\n[\s\S]*published: 1\.36 \[paper\]/);
});

describe('options', () => {
  test('are listed by --help', async () => {
    const { code, out } = await run(['perf', '--help']);
    expect(code).toBe(0);
    for (const name of [
      '--only',
      '--json',
      '--html',
      '--threads',
      '--node',
      '--repetitions',
      '--list',
      '--peers',
      '--init',
      '--source',
    ]) {
      expect(out).toContain(name);
    }
    const paper = await run(['paper', '--help']);
    for (const name of ['--only', '--quick', '--seeds', '--readme', '--fresh', '--jobs', '--memory', '--results']) {
      expect(paper.out).toContain(name);
    }
    expect((await run(['--help'])).out).toMatch(/perf[\s\S]*paper[\s\S]*setup/);
  });

  test.each([
    [['perf', '--threads', '0'], /whole number from 1 to 256/],
    [['perf', '--threads', 'two'], /whole number/],
    [['perf', '--repetitions', '1.5'], /whole number from 1/],
    [['perf', '--only', '('], /Expected a regular expression/],
    [['perf', '--peers', 'torch,matlab'], /no peer "matlab"\. There are: .*jax-js/],
    [['perf', '--init', '[1]'], /JSON object/],
    [['perf', '--init', 'fast'], /JSON object/],
    [['perf', '--speed', '9'], /unknown option '--speed'/],
    [['perf', 'extra'], /too many arguments/],
    [['perf', '--only', 'nothing-like-it'], /no case has such a name\. There are:\n {2}gemm-64\n/],
    [
      ['perf', '--source', '--only', '^gemm-64$', '--node', '/nowhere/node'],
      /--node \/nowhere\/node: could not be run/,
    ],
    [['paper', '--seeds', '0'], /whole number from 1/],
    [['paper', '--memory', 'much'], /whole number/],
    [['paper', '--only', 'no-such-package'], /No rows for a package "no-such-package"\. There are: .*forward-forward/],
    [['race'], /unknown command 'race'/],
  ])('%j end with exit code 2 and a reason', async (args, reason) => {
    const { code, err } = await run([...args, ...(args[0] !== 'race' ? ['--json', join(folder, 'run.json')] : [])]);
    expect(err).toMatch(reason);
    expect(code).toBe(2);
    expect(await readdir(folder)).toEqual([]);
  });
});
