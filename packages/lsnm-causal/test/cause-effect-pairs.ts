import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folders = [process.env.FORBACK_DATA_DIR, resolve(import.meta.dirname, '../../../../shared/data')];

/** The folder `cause-effect-pairs`, where it is on this machine. */
export function pairsFolder(): string | undefined {
  return folders.map((folder) => folder && join(folder, 'cause-effect-pairs')).find((path) => path && existsSync(path));
}

/** The two columns of a published pair, cause first. Headers are dropped unread: they give the answer away. */
export function readCauseFirst(folder: string, suite: string, pair: number): { x: number[]; y: number[] } {
  const isSimulated = suite.startsWith('SIM');
  const file = isSimulated
    ? join(folder, 'Benchmark_simulated', suite, `pair${String(pair).padStart(4, '0')}.txt`)
    : join(folder, 'ANLSMN_pairs', suite, `pair_${pair}.txt`);
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const rows = isSimulated
    ? lines.map((line) => line.trim().split(/\s+/).map(Number))
    : lines.slice(1).map((line) => line.split(',').slice(1).map(Number));
  const columns = [0, 1].map((c) => rows.map((row) => row[c] as number));
  const [first, second] = columns as [number[], number[]];
  return isFirstCause(folder, suite, pair) ? { x: first, y: second } : { x: second, y: first };
}

function isFirstCause(folder: string, suite: string, pair: number): boolean {
  if (!suite.startsWith('SIM')) {
    const truth = readFileSync(join(folder, 'ANLSMN_pairs', suite, 'pairs_gt.txt'), 'utf8')
      .trim()
      .split('\n');
    return Number(truth[pair - 1]) === 1;
  }
  const meta = readFileSync(join(folder, 'Benchmark_simulated', suite, 'pairmeta.txt'), 'utf8')
    .trim()
    .split('\n');
  return Number(meta[pair - 1]?.trim().split(/\s+/)[1]) === 1;
}
