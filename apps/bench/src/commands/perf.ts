import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { allCases } from '../cases';
import type { BenchCase } from '../cases/case';
import { findContestants, nodePath } from '../measure/find-contestants';
import { machine } from '../measure/machine';
import { type CaseResult, measureCase } from '../measure/measure-case';
import type { PerfOptions } from '../options';
import { page } from '../report/html';
import { toJson } from '../report/json';
import { ProgressLine } from '../report/progress-line';
import type { Run, RunMeta } from '../report/run';
import { table } from '../report/table';
import { writeReport } from '../report/write-report';

export interface Streams {
  readonly out: NodeJS.WritableStream;
  readonly err: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
}

/** Options that fit the syntax and make no sense. */
export class UsageError extends Error {}

/** Measures the chosen cases and writes the reports. Stopped half-way, it writes what there is, and throws the reason. */
export async function perf(options: PerfOptions, signal: AbortSignal, { out, err }: Streams): Promise<void> {
  const cases = chooseCases(options.only);
  if (options.list) {
    for (const c of cases) out.write(`${c.id.padEnd(28)} ${c.metric.unit.padEnd(8)} ${c.title}\n`);
    return;
  }
  const code = options.source ? 'source' : 'built';
  const node = nodePath(options.node ?? process.execPath);
  if (node === null)
    throw new UsageError('--node 24: Node 24 is not installed: run `pnpm bench setup` (Linux on x64), or give a path');
  const version = await nodeVersion(node);
  if (code === 'built') await build(err);
  signal.throwIfAborted();
  const roster = await findContestants({
    code,
    threads: options.threads,
    node,
    init: options.init,
    peers: options.peers,
  });
  const meta: RunMeta = {
    forback: await coreVersion(),
    code,
    node: version,
    ...machine(),
    threads: options.threads,
    repetitions: options.repetitions,
    init: options.init,
  };

  const results: CaseResult[] = [];
  const report = async (complete: boolean): Promise<void> => {
    const run: Run = { meta, results, missing: roster.missing, complete };
    out.write(`\n${table(run)}`);
    if (options.json !== undefined) await writeReport(options.json, `${JSON.stringify(toJson(run), null, 2)}\n`, out);
    if (options.html !== undefined) await writeReport(options.html, page(run), out);
  };
  const settings = {
    repetitions: options.repetitions,
    sampleMilliseconds: options.sample,
    warmMilliseconds: options.warm,
  };
  const progress = new ProgressLine(err, cases.length);
  try {
    for (const [i, benchCase] of cases.entries()) {
      results.push(
        await measureCase(benchCase, roster, settings, signal, (phase) => progress.show(i, benchCase.id, phase)),
      );
      const failures = results.at(-1)?.failures ?? [];
      if (failures.length > 0) progress.clear();
      for (const failure of failures) err.write(`FAILED ${benchCase.id}: ${failure}\n`);
    }
  } catch (error) {
    progress.clear();
    await report(false);
    throw error;
  }
  progress.clear();
  await report(true);
  const failed = results.filter((r) => r.failures.length > 0).map((r) => r.case.id);
  if (failed.length > 0) throw new Error(`${failed.length} of ${results.length} cases failed: ${failed.join(', ')}`);
}

function chooseCases(only: RegExp | undefined): readonly BenchCase[] {
  const chosen = only === undefined ? allCases : allCases.filter((c) => only.test(c.id));
  if (chosen.length > 0) return chosen;
  throw new UsageError(
    `--only ${only?.source}: no case has such a name. There are:\n${allCases.map((c) => `  ${c.id}`).join('\n')}`,
  );
}

async function nodeVersion(node: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(node, ['-p', 'process.versions.node'], { timeout: 20_000 });
    return stdout.trim();
  } catch (error) {
    throw new UsageError(
      `--node ${node}: could not be run: ${error instanceof Error ? error.message.split('\n')[0] : error}`,
    );
  }
}

const root = join(import.meta.dirname, '..', '..', '..', '..');

async function build(err: NodeJS.WritableStream): Promise<void> {
  err.write('Building what has changed (--source measures without)...\n');
  const script = join(root, 'tooling', 'scripts', 'build.mjs');
  try {
    await promisify(execFile)(process.execPath, [script, '--filter=@forback/bench'], { cwd: root, maxBuffer: 2 ** 26 });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`the build failed:\n${stdout}${stderr}`);
  }
}

async function coreVersion(): Promise<string> {
  const manifest = await readFile(join(root, 'packages', 'core', 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
