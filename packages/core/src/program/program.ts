import type { NDArray } from '../array/ndarray';
import type { ShapedType } from '../array/shape';
import type { Primitive } from '../primitives/primitive';

/** A value of a program, assigned once. */
export interface Var extends ShapedType {
  readonly kind: 'var';
  readonly id: number;
}

/** A JavaScript number or boolean that the program contains. */
export interface Literal extends ShapedType {
  readonly kind: 'literal';
  readonly value: NDArray;
}

/** What an operation of a program reads. */
export type Atom = Var | Literal;

/** One operation of a program: what it applies, to what, and the names of its results. */
export interface Equation {
  readonly primitive: Primitive;
  readonly params: object;
  readonly inputs: readonly Atom[];
  readonly outputs: readonly Var[];
  /** In a linear program: the operation of the differentiated function that this is a derivative of. */
  readonly source?: SourceEquation | undefined;
  /** Equal operations of different regions stay apart: what is computed again is meant to be. */
  readonly region?: Region | undefined;
}

/** A part of a program that computes again what another part has computed, because it was not to be kept. */
export interface Region {
  readonly recomputes: string;
}

/** An operation of a differentiated function, as the transpose seam sees it. */
export interface SourceEquation {
  /** Counts the operations of the differentiated function in the order in which they ran. */
  readonly index: number;
  readonly primitive: Primitive;
  readonly params: object;
  readonly inputs: readonly NDArray[];
  /** Which argument each input is, where it is one. */
  readonly origins: readonly (Origin | null)[];
}

/** Says that a value is one of the differentiated arguments, perhaps reshaped, transposed, repeated or otherwise
 * rearranged. */
export interface Origin {
  /** Index among the leaves of the differentiated arguments. */
  readonly leaf: number;
  /** Does to another array of the argument's shape what the function did to the argument. */
  rearrange(replacement: NDArray): NDArray;
}

/** A pure function as data: typed inputs, a list of operations in order, outputs. It captures nothing. */
export interface Program {
  readonly inputs: readonly Var[];
  readonly equations: readonly Equation[];
  readonly outputs: readonly Atom[];
}

/** A program whose first inputs stand for the arrays that the traced function had captured. */
export interface ClosedProgram {
  readonly program: Program;
  readonly constants: readonly NDArray[];
}

let variables = 0;

export function newVar(type: ShapedType): Var {
  return { kind: 'var', id: variables++, shape: type.shape, dtype: type.dtype };
}

const identities = new WeakMap<object, number>();
let lastIdentity = 0;

/** A number for an object, the same for as long as the object lives. */
export function identityOf(object: object): number {
  let id = identities.get(object);
  if (id === undefined) {
    id = ++lastIdentity;
    identities.set(object, id);
  }
  return id;
}

function isProgram(value: object): value is Program {
  return 'equations' in value && 'inputs' in value && 'outputs' in value;
}

/** Text that is equal for equal parameters. Functions and arrays count by identity, programs by structure. */
export function paramsKey(params: unknown): string {
  if (typeof params === 'number') return Object.is(params, -0) ? '-0' : String(params);
  if (typeof params === 'function') return `fn${identityOf(params)}`;
  if (typeof params !== 'object' || params === null) return typeof params === 'string' ? `'${params}'` : String(params);
  if (Array.isArray(params)) return `[${params.map(paramsKey).join(' ')}]`;
  if (isProgram(params)) return `{${programKey(params)}}`;
  const prototype = Object.getPrototypeOf(params) as unknown;
  if (prototype !== Object.prototype && prototype !== null) return `object${identityOf(params)}`;
  return Object.entries(params)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${paramsKey(value)}`)
    .join(' ');
}

const programKeys = new WeakMap<Program, string>();

/** Text that is equal for programs of equal structure, whatever their variables' numbers. */
export function programKey(program: Program): string {
  const known = programKeys.get(program);
  if (known !== undefined) return known;
  const names = new Map<number, number>();
  const name = (v: Var) => {
    let n = names.get(v.id);
    if (n === undefined) {
      n = names.size;
      names.set(v.id, n);
    }
    return n;
  };
  const atom = (a: Atom) => (a.kind === 'var' ? `${name(a)}` : literalKey(a));
  const type = (v: ShapedType) => `${v.dtype}[${v.shape.join(' ')}]`;
  const regions: (Region | undefined)[] = [undefined];
  const place = (region: Region | undefined) => {
    if (!regions.includes(region)) regions.push(region);
    return regions.indexOf(region) || '';
  };
  const lines = [program.inputs.map((v) => `${name(v)}:${type(v)}`).join(',')];
  for (const e of program.equations) {
    const inputs = e.inputs.map(atom).join(',');
    const outputs = e.outputs.map((v) => `${name(v)}:${type(v)}`).join(',');
    lines.push(`${place(e.region)}${outputs}=${e.primitive.name}#${e.primitive.id}(${paramsKey(e.params)})${inputs}`);
  }
  lines.push(program.outputs.map(atom).join(','));
  const key = lines.join(';');
  programKeys.set(program, key);
  return key;
}

function literalKey(literal: Literal): string {
  return `${literal.dtype}:${paramsKey(literal.value.item())}`;
}
