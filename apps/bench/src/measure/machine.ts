import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly platform: string;
}

export function machine(): Machine {
  const cpu = cpus()[0]?.model.trim();
  return { cpu: cpu || 'unknown CPU', cores: availableParallelism(), platform: `${process.platform} ${process.arch}` };
}

/**
 * The core type that OpenBLAS should be told, or null if it is better left to itself: builds of some distributions take
 * new CPUs for old ones.
 */
export function openblasCoreType(cpuinfo = readCpuInfo()): string | null {
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.split(' '));
  if (['avx512f', 'avx512bw', 'avx512dq', 'avx512vl'].every((flag) => flags.has(flag))) return 'SKYLAKEX';
  if (flags.has('avx2') && flags.has('fma')) return 'HASWELL';
  return null;
}

function readCpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}
