import type { OutputSpec } from '../cases/case';

export interface Result {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * What is wrong with a peer's result next to ours, or null: ‖ours − theirs‖ ≤ tolerance · ‖ours‖ counts as equal.
 *
 * @param before - the values before training, if it is the change that is compared.
 */
export function difference(
  spec: OutputSpec,
  ours: Result,
  theirs: Result | undefined,
  before?: Float32Array,
): string | null {
  if (theirs === undefined) return `"${spec.name}" is missing`;
  if (ours.shape.join() !== theirs.shape.join()) {
    return `"${spec.name}" has the shape [${theirs.shape}] instead of [${ours.shape}]`;
  }
  let error = 0;
  let norm = 0;
  let worst = 0;
  let worstError = -1;
  for (let i = 0; i < ours.data.length; i++) {
    const a = ours.data[i] as number;
    const b = theirs.data[i] as number;
    if (!Number.isFinite(a) || !Number.isFinite(b)) return `"${spec.name}"[${i}] is ${b}, forback has ${a}`;
    const d = Math.abs(a - b);
    error += d * d;
    norm += (a - (before?.[i] ?? 0)) ** 2;
    if (d > worstError) {
      worst = i;
      worstError = d;
    }
  }
  // Two results that are zero throughout are equal, and say nothing.
  if (norm === 0) return `"${spec.name}" is zero everywhere, which compares nothing`;
  const relative = Math.sqrt(error / norm);
  if (relative <= spec.tolerance) return null;
  return (
    `"${spec.name}" differs by ${relative.toExponential(1)} of its norm, more than ${spec.tolerance}; ` +
    `the worst is element ${worst}: ${theirs.data[worst]}, forback has ${ours.data[worst]}`
  );
}
