import {
  type Atom,
  bind,
  checkpoint,
  convPrimitive,
  dotPrimitive,
  type Equation,
  type NDArray,
  type Primitive,
  type Program,
  type Shape,
} from '@forback/core';

/** A parameter, or what transpositions, reshapes and casts have made of it. */
interface Origin {
  /** Position among the leaves of the parameters. */
  readonly leaf: number;
  /** For each axis, the axes of the parameter that it runs over. */
  readonly axes: readonly (readonly number[])[];
  /** Does to another array of the parameter's shape what the model did to the parameter. */
  rearrange(x: NDArray): NDArray;
}

/** A matrix product, einsum or convolution of a parameter and something else. */
export interface ParameterProduct {
  readonly leaf: number;
  readonly kind: 'dense' | 'conv' | 'convTranspose';
  readonly primitive: Primitive;
  readonly params: object;
  /** Position of the weight among the two operands. */
  readonly side: 0 | 1;
  readonly input: NDArray;
  /** The weight as it is used. */
  readonly weight: NDArray;
  /** Axes of the parameter that the product sums over, ascending. */
  readonly inputAxes: readonly number[];
  /** All other axes of the parameter, ascending. */
  readonly outputAxes: readonly number[];
  readonly rearrange: Origin['rearrange'];
}

/** What stands in the place of a product; `standard` is the product itself. */
export type ReplaceProduct = (product: ParameterProduct, standard: () => NDArray) => NDArray;

interface Value {
  readonly array: NDArray;
  readonly origin: Origin | null;
}

/**
 * Runs a program with other products of its parameters.
 *
 * @param inputs - of the program.
 * @param leaves - which parameter each input is; null for all others.
 */
export function runWithProducts(
  program: Program,
  inputs: readonly NDArray[],
  leaves: readonly (number | null)[],
  replace: ReplaceProduct,
): NDArray[] {
  const values = inputs.map((array, i): Value => {
    const leaf = leaves[i] ?? null;
    const axes = array.shape.map((_, axis) => [axis]);
    return { array, origin: leaf === null ? null : { leaf, axes, rearrange: (x) => x } };
  });
  return run(program, values, replace).map((value) => value.array);
}

function run(program: Program, inputs: readonly Value[], replace: ReplaceProduct): Value[] {
  const values = new Map<number, Value>();
  program.inputs.forEach((v, i) => {
    values.set(v.id, inputs[i] as Value);
  });
  const read = (atom: Atom): Value =>
    atom.kind === 'literal' ? { array: atom.value, origin: null } : (values.get(atom.id) as Value);
  for (const equation of program.equations) {
    const results = apply(equation, equation.inputs.map(read), replace);
    equation.outputs.forEach((v, i) => {
      values.set(v.id, results[i] as Value);
    });
  }
  return program.outputs.map(read);
}

function apply({ primitive, params, outputs }: Equation, operands: readonly Value[], replace: ReplaceProduct): Value[] {
  const arrays = operands.map((x) => x.array);
  const body = primitive.ownDerivative ? null : primitive.body?.(params);
  if (body) {
    if (!('recompute' in params && params.recompute)) return run(body, operands, replace);
    const again = checkpoint((...xs: NDArray[]) => {
      const inner = xs.map((array, i): Value => ({ array, origin: operands[i]?.origin ?? null }));
      return run(body, inner, replace).map((value) => value.array);
    });
    return again(...arrays).map((array) => ({ array, origin: null }));
  }
  const [first] = operands;
  if (primitive.relayout && first?.origin) {
    const { origin } = first;
    const axes = rearrangedAxes(primitive.name, params, origin.axes, first.array.shape, outputs[0]?.shape ?? []);
    const [array] = bind(primitive, arrays, params) as [NDArray];
    const rearrange = (x: NDArray) => bind(primitive, [origin.rearrange(x)], params)[0] as NDArray;
    return [{ array, origin: axes && { leaf: origin.leaf, axes, rearrange } }];
  }
  const standard = () => bind(primitive, arrays, params);
  const product = productOf(primitive, params, operands);
  const results = product ? [replace(product, () => standard()[0] as NDArray)] : standard();
  return results.map((array) => ({ array, origin: null }));
}

const kinds: Readonly<Record<string, ParameterProduct['kind']>> = { conv: 'conv', convInputGradient: 'convTranspose' };

function productOf(primitive: Primitive, params: object, operands: readonly Value[]): ParameterProduct | null {
  const kind = primitive === dotPrimitive ? 'dense' : kinds[primitive.name];
  if (kind === undefined || (kind === 'conv' && primitive !== convPrimitive)) return null;
  const [first, second] = operands;
  if (!first || !second || (first.origin === null) === (second.origin === null)) return null;
  const side = first.origin ? 0 : 1;
  const [weight, input] = side === 0 ? [first, second] : [second, first];
  const { leaf, axes, rearrange } = weight.origin as Origin;
  const summed = summedAxes(kind, params, side, axes.length);
  const inputAxes = [...new Set(summed.flatMap((axis) => axes[axis] ?? []))].sort((a, b) => a - b);
  const free = axes.flatMap((own, axis) => (summed.includes(axis) ? [] : own));
  if (inputAxes.length === 0 || free.some((axis) => inputAxes.includes(axis))) return null;
  const outputAxes = [...new Set(free)].sort((a, b) => a - b);
  return {
    leaf,
    kind,
    primitive,
    params,
    side,
    input: input.array,
    weight: weight.array,
    inputAxes,
    outputAxes,
    rearrange,
  };
}

/** Axes of the weight, as it is used, that the product sums over. */
function summedAxes(kind: ParameterProduct['kind'], params: object, side: 0 | 1, rank: number): readonly number[] {
  if (kind === 'dense') return (params as { contract: readonly (readonly number[])[] }).contract[side] ?? [];
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  // The weights of a convolution are [out, in, ...kernel], those of a transposed one [in, out, ...kernel].
  return kind === 'conv' ? axes.slice(1) : [0];
}

/** Which axes of the parameter the axes run over after an operation that moves elements; null where that mixes them. */
function rearrangedAxes(
  name: string,
  params: object,
  axes: Origin['axes'],
  before: Shape,
  after: Shape,
): Origin['axes'] | null {
  if (name === 'transpose') {
    return (params as { permutation: readonly number[] }).permutation.map((axis) => axes[axis] ?? []);
  }
  if (name === 'broadcast') {
    const places = (params as { axes: readonly number[] }).axes;
    if (places.some((place, axis) => after[place] !== before[axis])) return null;
    return after.map((_, axis) => axes[places.indexOf(axis)] ?? []);
  }
  if (name !== 'reshape') return before.length === after.length ? axes : null;
  // Runs of axes of equal size on both sides: everything in one comes from everything in the other.
  const result: number[][] = [];
  let from = 0;
  let to = 0;
  while (from < before.length || to < after.length) {
    const own: number[] = [];
    const start = to;
    let [sizeBefore, sizeAfter] = [1, 1];
    do {
      if (sizeBefore <= sizeAfter && from < before.length) {
        sizeBefore *= before[from] as number;
        own.push(...(axes[from] ?? []));
        from++;
      } else if (to < after.length) {
        sizeAfter *= after[to] as number;
        to++;
      } else return null;
    } while (sizeBefore !== sizeAfter);
    for (let axis = start; axis < to; axis++) result.push(own);
  }
  return result;
}
