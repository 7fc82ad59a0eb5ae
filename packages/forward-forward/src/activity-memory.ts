import { ArgumentError, makeProgram, type Program, tree } from '@forback/core';

/**
 * The most bytes of arrays with one row for each example that are alive at once while a function runs, by its program: an
 * array lives from the operation that makes it to the last one that reads it, or to the end if it is a result. Parameters and
 * the batch itself, which any training needs, do not count, nor do arrays with another first axis (transposes, several
 * negatives for each example); what a backend saves by fusing operations is not seen.
 *
 * For `f = (...args) => model.step(...)` this is the memory that grows with depth in backpropagation and does not with local
 * losses.
 *
 * @param examples - how many there are in the batch. @param f - a function of trees of arrays. @param args - its arguments.
 */
export function activityMemory<Args extends unknown[]>(
  examples: number,
  f: (...args: Args) => unknown,
  ...args: Args
): number {
  const { program } = makeProgram((...given: Args) => tree.leaves(f(...given)), ...args);
  if (!program.inputs.some(({ shape }) => shape[0] === examples)) {
    throw new ArgumentError(
      `activityMemory: expected examples to be the size of the batch, but no input of the function has ${examples} rows`,
    );
  }
  const { steps, results } = flatten(program);
  const lastRead = new Map<number, number>();
  steps.forEach(({ reads }, at) => {
    for (const id of reads) lastRead.set(id, at);
  });
  for (const id of results) lastRead.set(id, steps.length);
  const dying = new Map<number, number>();
  let alive = 0;
  let most = 0;
  steps.forEach(({ makes }, at) => {
    for (const { id, shape, dtype } of makes) {
      const end = lastRead.get(id);
      if (shape[0] !== examples || end === undefined) continue;
      const bytes = shape.reduce((product, n) => product * n, 1) * (dtype === 'float64' ? 8 : dtype === 'bool' ? 1 : 4);
      alive += bytes;
      dying.set(end, (dying.get(end) ?? 0) + bytes);
    }
    most = Math.max(most, alive);
    alive -= dying.get(at) ?? 0;
  });
  return most;
}

interface Step {
  reads: number[];
  makes: { id: number; shape: readonly number[]; dtype: string }[];
}

/** The operations in order, those of called programs in place of the calls. */
function flatten(program: Program): { steps: Step[]; results: number[] } {
  const steps: Step[] = [];
  let fresh = 0;
  const run = (part: Program, inputs: readonly number[]): number[] => {
    const known = new Map(part.inputs.map((v, i) => [v.id, inputs[i] as number]));
    const read = (atoms: Program['outputs']) => atoms.map((a) => (a.kind === 'var' ? (known.get(a.id) as number) : -1));
    for (const { primitive, params, inputs: atoms, outputs } of part.equations) {
      const reads = read(atoms);
      const body = primitive.body?.(params);
      const made = body ? run(body, reads) : outputs.map(() => fresh++);
      outputs.forEach((v, i) => {
        known.set(v.id, made[i] as number);
      });
      if (!body)
        steps.push({
          reads,
          makes: outputs.map((v, i) => ({ id: made[i] as number, shape: v.shape, dtype: v.dtype })),
        });
    }
    return read(part.outputs);
  };
  const results = run(
    program,
    program.inputs.map(() => fresh++),
  );
  return { steps, results };
}
