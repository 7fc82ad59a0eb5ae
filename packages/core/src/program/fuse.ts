import { type Shape, type ShapedType, sameShape, sizeOf } from '../array/shape';
import { batchElementwise, notLinear } from '../primitives/elementwise';
import { definePrimitive, type Primitive, type Reduction } from '../primitives/primitive';
import { evaluateProgram } from './evaluate';
import type { Atom, Equation, Program, Var } from './program';

export interface FusedParams {
  /** Elementwise operations on values of one shape. */
  readonly body: Program;
}

/** Several elementwise operations as one; it exists only inside a backend. */
export const fusedPrimitive: Primitive<FusedParams> = /* @__PURE__ */ definePrimitive<FusedParams>({
  name: 'fused',
  strided: true,
  elementwise: true,
  outputs: (_inputs, { body }) => body.outputs.map(({ shape, dtype }) => ({ shape, dtype })),
  evaluate: (inputs, { body }) => evaluateProgram(body, inputs),
  jvp: notLinear('fused'),
  transpose: notLinear('fused'),
  batch: (size, inputs, batched, params) =>
    batchElementwise(fusedPrimitive as Primitive, size, inputs, batched, params),
  lower: { reference: notLinear('fused') },
});

export interface FusedReductionParams extends FusedParams {
  readonly reduction: Reduction;
  readonly axes: readonly number[];
}

/** A reduction of what elementwise operations make of its operands; it exists only inside a backend. */
export const fusedReductionPrimitive: Primitive<FusedReductionParams> =
  /* @__PURE__ */ definePrimitive<FusedReductionParams>({
    name: 'fusedReduction',
    strided: true,
    outputs: notLinear('fusedReduction'),
    jvp: notLinear('fusedReduction'),
    transpose: notLinear('fusedReduction'),
    batch: notLinear('fusedReduction'),
    lower: { reference: notLinear('fusedReduction') },
  });

export interface FuseOptions {
  /** Whether the backend has a kernel for the reduction. */
  reduces(type: ShapedType, axes: readonly number[]): boolean;
  /** Smallest number of elements for which generated code beats single kernels. */
  smallest: number;
  /** Most inputs and outputs of a group. */
  largest: number;
}

interface Group {
  readonly shape: Shape;
  readonly equations: Equation[];
  readonly inputs: Set<number>;
  readonly outputs: Set<number>;
}

/**
 * Joins elementwise operations of one shape that feed one another. A group runs where its last operation stood; before
 * anything outside reads one of its values, it is closed.
 */
export function fuse(program: Program, options: FuseOptions): Program {
  const result: Equation[] = [];
  const open = new Map<number, Group>();
  const readers = countReaders(program);

  const close = (group: Group) => {
    for (const id of group.outputs) open.delete(id);
    result.push(closeGroup(group, readers));
  };

  for (const equation of program.equations) {
    const sources = new Set(equation.inputs.flatMap((a) => (a.kind === 'var' && open.get(a.id)) || []));
    if (!isFusable(equation, options)) {
      const group = groupToReduce(equation, [...sources], readers, options);
      if (group) {
        for (const id of group.outputs) open.delete(id);
        result.push(closeReduction(group, equation, readers));
        continue;
      }
      for (const group of sources) close(group);
      result.push(equation);
      continue;
    }
    const output = equation.outputs[0] as Var;
    const joined = [...sources].filter((g) => sameShape(g.shape, output.shape));
    for (const group of sources) if (!joined.includes(group)) close(group);
    let target = merge(joined, output.shape);
    const before = joined.length;
    addEquation(target, equation);
    if (before > 0 && target.inputs.size + exported(target, readers).length > options.largest) {
      for (const group of joined) close(group);
      target = merge([], output.shape);
      addEquation(target, equation);
    }
    for (const id of target.outputs) open.set(id, target);
  }
  for (const group of new Set(open.values())) close(group);
  return { ...program, equations: result };
}

/** The group that makes the operand of a reduction and nothing else. */
function groupToReduce(
  { primitive, params, inputs }: Equation,
  sources: readonly Group[],
  readers: ReadonlyMap<number, number>,
  { reduces }: FuseOptions,
): Group | null {
  const [group] = sources;
  const [operand] = inputs;
  if (!primitive.lower.reduction || !group || operand?.kind !== 'var') return null;
  const made = exported(group, readers);
  const alone = made.length === 1 && made[0]?.id === operand.id && readers.get(operand.id) === 1;
  return alone && group.inputs.size > 0 && reduces(operand, (params as FusedReductionParams).axes) ? group : null;
}

function closeReduction(group: Group, equation: Equation, readers: ReadonlyMap<number, number>): Equation {
  const { inputs, outputs } = groupInterface(group, readers);
  const { axes } = equation.params as FusedReductionParams;
  const reduction = equation.primitive.lower.reduction as Reduction;
  const params: FusedReductionParams = { body: { inputs, equations: group.equations, outputs }, reduction, axes };
  return { primitive: fusedReductionPrimitive as Primitive, params, inputs, outputs: equation.outputs };
}

function isFusable({ primitive, outputs }: Equation, { smallest }: FuseOptions): boolean {
  const { scalar, scalarFor } = primitive.lower;
  const output = outputs[0];
  if (!scalar || output === undefined || sizeOf(output.shape) < smallest) return false;
  return scalarFor === undefined || scalarFor.includes(output.dtype);
}

function merge(groups: readonly Group[], shape: Shape): Group {
  const merged: Group = { shape, equations: [], inputs: new Set(), outputs: new Set() };
  for (const group of groups) for (const equation of group.equations) addEquation(merged, equation);
  // Operations of different groups do not read one another, so any order of the groups is right.
  return merged;
}

function addEquation(group: Group, equation: Equation): void {
  group.equations.push(equation);
  for (const a of equation.inputs) if (a.kind === 'var' && !group.outputs.has(a.id)) group.inputs.add(a.id);
  for (const v of equation.outputs) group.outputs.add(v.id);
}

/** How many equations (and results of the program) read each variable. */
function countReaders(program: Program): Map<number, number> {
  const readers = new Map<number, number>();
  const count = (atoms: readonly Atom[]) => {
    for (const a of atoms) if (a.kind === 'var') readers.set(a.id, (readers.get(a.id) ?? 0) + 1);
  };
  for (const equation of program.equations) count(equation.inputs);
  count(program.outputs);
  return readers;
}

/** Values of a group that somebody else reads. */
function exported(group: Group, readers: ReadonlyMap<number, number>): Var[] {
  const inside = countReaders({ inputs: [], equations: group.equations, outputs: [] });
  return group.equations.flatMap((e) => e.outputs).filter((v) => (readers.get(v.id) ?? 0) > (inside.get(v.id) ?? 0));
}

function closeGroup(group: Group, readers: ReadonlyMap<number, number>): Equation {
  const { inputs, outputs } = groupInterface(group, readers);
  const body: Program = { inputs, equations: group.equations, outputs };
  return { primitive: fusedPrimitive as Primitive, params: { body } satisfies FusedParams, inputs, outputs };
}

function groupInterface(group: Group, readers: ReadonlyMap<number, number>): { inputs: Var[]; outputs: Var[] } {
  const variables = new Map<number, Var>();
  for (const equation of group.equations) {
    for (const a of equation.inputs) if (a.kind === 'var' && group.inputs.has(a.id)) variables.set(a.id, a);
  }
  return { inputs: [...variables.values()], outputs: exported(group, readers) };
}
