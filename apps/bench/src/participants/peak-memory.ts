import { readFileSync } from 'node:fs';

/** The most memory that this process has had resident, in bytes. */
export function peakMemory(): number {
  try {
    // On Linux, getrusage counts what the parent had before the exec.
    const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
    if (found) return Number(found[1]) * 1024;
  } catch {
    // No /proc: not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
