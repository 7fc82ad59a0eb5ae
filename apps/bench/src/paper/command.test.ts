import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UsageError } from '../commands/perf';
import { SyntheticCommand } from './test-support/synthetic-command';

let folder: string;
let command: SyntheticCommand;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forback-paper-'));
  command = new SyntheticCommand(folder);
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('a row', { timeout: 30_000 }, () => {
  test('is computed in processes of its own, judged and reported', async () => {
    const { out, err, error, json } = await command.run({ only: 'synthetic/twice', html: join(folder, 'run.html') });
    expect(error).toBeUndefined();
    expect(json).toEqual([
      expect.objectContaining({
        package: 'synthetic',
        row: 'twice',
        published: 2.25,
        ours: { mean: 2, sd: 2, seeds: 3 },
        verdict: 'reproduced',
        values: [0, 1, 2].map((seed) => ({ seed, value: 2 * seed })),
        command: 'pnpm bench paper --only synthetic/twice',
      }),
    ]);
    expect(out).toMatch(/synthetic\/twice +reproduced +2\.0 ± 2\.0 +3 +2\.25 ± 0\.5 \[paper\] +moons/);
    expect(err).toMatch(/3 jobs, at most 2 at a time/);
    expect(err).toMatch(/3\/3 synthetic\/twice seed/);
    expect(await readFile(join(folder, 'run.html'), 'utf8')).toContain('<svg ');
    const file = join(folder, 'synthetic.md');
    await writeFile(file, 'before\n<!-- results -->\nold\n<!-- /results -->\nafter\n');
    // A later version of the package does not make published results unknown.
    expect((await command.run({ readme: 'synthetic' }, { version: '2.0.0' })).error).toBeUndefined();
    const readme = await readFile(file, 'utf8');
    expect(readme).toMatch(/^before\n<!-- results -->\n\n\| claim [\s\S]*\n\n<!-- \/results -->\nafter\n$/);
    expect(readme).toContain('synthetic 1.0.0, core 1.0.0; on ');
    expect(readme).toContain('| a claim | 2.25 ± 0.5 [paper] (a paper, section 1) | 2.0 ± 2.0 moons (3 seeds) |');
    expect(readme).toContain('`pnpm bench paper --only synthetic/twice`');
    expect(readme).toMatch(/\| not run \| `pnpm bench paper --only synthetic\/waits`/);
    expect(await command.log()).toHaveLength(3);
    await writeFile(file, 'no marks');
    expect(String((await command.run({ readme: 'synthetic' })).error)).toMatch(
      /Expected the lines <!-- results --> and <!-- \/results --> in .*synthetic\.md/,
    );
    expect(await readFile(file, 'utf8')).toBe('no marks');
  });

  test('is not computed again, unless that is asked for or its package has another version', async () => {
    await command.run({ only: 'synthetic/twice', seeds: 1 });
    const again = await command.run({ only: 'synthetic/own-process', seeds: 2 });
    expect(await command.log()).toEqual(['twice 0', 'twice 1']);
    expect(again.json[0]?.verdict).toBe('reproduced');
    expect(again.out).toMatch(/1 result from earlier runs/);
    await command.run({ only: 'synthetic/twice', fresh: true, seeds: 1 });
    expect(await command.log()).toHaveLength(3);
    await command.run({ only: 'synthetic/twice', seeds: 1 }, { version: '1.0.1' });
    expect(await command.log()).toHaveLength(4);
  });

  test('has other results for quick settings', async () => {
    await command.run({ only: 'synthetic/twice', seeds: 1 });
    const { json } = await command.run({ only: 'synthetic/twice', quick: true });
    expect(json[0]).toMatchObject({ verdict: 'not judged', quick: true, ours: { mean: 0.5, seeds: 2 } });
    const ruled = await command.run({ only: 'synthetic/own-process', quick: true });
    expect(ruled.json[0]).toMatchObject({ verdict: 'not reproduced', reason: 'quick settings: above 2' });
  });
});

describe('what goes wrong', { timeout: 30_000 }, () => {
  test('in one job leaves the others alone', async () => {
    await writeFile(join(folder, 'go'), '');
    const { out, err, error, json } = await command.run({});
    expect(String(error)).toMatch(/2 of 6 rows failed/);
    expect(Object.fromEntries(json.map((r) => [r.row, r.verdict]))).toEqual({
      twice: 'reproduced',
      'own-process': 'reproduced',
      waits: 'not judged',
      misbehaves: 'failed',
      infinite: 'failed',
      lacking: 'no data',
    });
    expect(err).toMatch(/FAILED synthetic\/misbehaves seed 0: RangeError: no such thing \(at .*synthetic\.ts/);
    expect(out).toMatch(/FAILED synthetic\/infinite: .*expected x to be a finite number, got Infinity/);
    expect(out).toMatch(/NO DATA synthetic\/lacking: put moons\.csv into the data folder/);
    // It is tried again the next time; the rest is there.
    expect((await command.run({})).err).toMatch(/^3 jobs,/);
  });

  test('with a process that dies is a failure with a hint', async () => {
    const { error, json } = await command.run({ only: 'synthetic/misbehaves', quick: true });
    expect(error).toBeInstanceOf(Error);
    expect(json[0]?.reason).toMatch(/ended by SIGKILL, perhaps for want of memory: its estimate is 50 MB/);
  });
});

describe('without running anything', () => {
  test('rows are listed', async () => {
    const { out } = await command.run({ list: true });
    expect(out).toMatch(/synthetic\n {2}twice\n/);
    expect(out).toMatch(/waits: full 1 seed of 1 s and 50 MB; not in --quick/);
    expect(await command.log()).toEqual([]);
  });

  test.each([
    [{ only: 'moons' }, /No rows for a package "moons"\. There are: synthetic\./],
    [{ only: 'synthetic/thrice' }, /synthetic has no row "thrice"\. There are:\n {2}twice\n {2}own-process/],
    [{ readme: 'moons' }, /No rows for a package "moons"/],
  ])('%j is refused', async (options, message) => {
    const { error } = await command.run(options);
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toMatch(message);
  });
});
