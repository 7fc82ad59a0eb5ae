import { fork } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((soon) => setTimeout(soon, 20));
}

describe('stopped half-way', { timeout: 30_000 }, () => {
  test('it reports what there is, stores no half results, and goes on from the finished runs', async () => {
    const stop = new AbortController();
    const first = command.run({ jobs: 1 }, { signal: stop.signal });
    await until(async () => (await command.log()).includes('waits 0'));
    stop.abort();
    const { out, error, json } = await first;
    expect(error).toBe(stop.signal.reason);
    expect(out).toMatch(/STOPPED before the last job/);
    expect(await command.log()).toContain('waits stopped');
    const verdicts = () => Object.fromEntries(json.map((r) => [r.row, r.verdict]));
    expect(verdicts()).toMatchObject({ twice: 'reproduced', waits: 'not run' });

    await writeFile(join(folder, 'go'), '');
    const second = await command.run({ only: 'synthetic/waits' });
    expect(second.json[0]?.ours?.mean).toBe(7);
    expect((await command.log()).filter((line) => line.startsWith('twice'))).toHaveLength(3);
  });

  test('killed, it leaves no process behind, and goes on from the finished runs', async () => {
    const child = fork(join(import.meta.dirname, 'test-support', 'synthetic-process.ts'), [folder], {
      execArgv: ['--conditions=@forback/source', '--import', import.meta.resolve('tsx')],
      stdio: 'ignore',
    });
    await until(async () => (await command.log()).includes('waits 0'));
    child.kill('SIGKILL');
    // A run that went on would see the file and write "waits done".
    await new Promise((gone) => child.on('close', gone));
    await new Promise((later) => setTimeout(later, 300));
    await writeFile(join(folder, 'go'), '');
    await new Promise((later) => setTimeout(later, 300));
    expect(await command.log()).not.toContain('waits done');

    const { error } = await command.run({ only: 'synthetic/twice' });
    expect(error).toBeUndefined();
    expect((await command.log()).filter((line) => line.startsWith('twice')).sort()).toEqual([
      'twice 0',
      'twice 1',
      'twice 2',
    ]);
  });
});
