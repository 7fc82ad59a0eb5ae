import { isFloating } from '../array/dtype';
import { NDArray } from '../array/ndarray';
import { DifferentiationError } from '../errors';
import type { Primitive } from '../primitives/primitive';
import { evaluateProgram } from '../program/evaluate';
import type { ClosedProgram, Origin } from '../program/program';
import { bind, bind1 } from './bind';
import { ProgramTrace } from './program-trace';
import { assertOuter, type Trace, withTrace } from './trace';

interface Linearized {
  readonly primal: NDArray;
  /** A tracer of the linear program; null is zero. */
  readonly tangent: NDArray | null;
}

/**
 * Runs a function on its values and records its derivative as a linear program beside it.
 *
 * The derivative rule of each operation is applied with tangents that are tracers of the linear program: what the rule
 * computes from values alone runs at once and becomes a constant (a residual) of that program; what touches a tangent is
 * recorded. The linear program is all that `transpose` needs.
 */
export class LinearizeTrace implements Trace {
  private readonly origins = new Map<NDArray, Origin>();
  private operations = 0;

  constructor(
    readonly name: string,
    readonly level: number,
    readonly tangents: ProgramTrace,
    /** Look into compiled calls, so that each operation inside has its own linear equations. */
    private readonly inlineCalls: boolean,
  ) {}

  argument(primal: NDArray, leaf: number): NDArray {
    if (!isFloating(primal.dtype)) return this.lift(primal);
    // An object of its own: the same array may also be another argument, or be used through a closure.
    const own = primal.alias();
    this.origins.set(own, { leaf, rearrange: (x) => x });
    return this.pair(own, this.tangents.argument(primal));
  }

  lift(value: NDArray): NDArray {
    return this.pair(value, null);
  }

  lower(tracer: NDArray): NDArray {
    return (tracer.payload as Linearized).primal;
  }

  originOf(value: NDArray): Origin | null {
    return this.origins.get(value) ?? null;
  }

  process(primitive: Primitive, inputs: NDArray[], params: object): NDArray[] {
    const pairs = inputs.map((x) => x.payload as Linearized);
    const primals = pairs.map((p) => p.primal);
    const tangents = pairs.map((p) => p.tangent);
    const body = this.inlineCalls && !primitive.ownDerivative ? primitive.body?.(params) : null;
    if (body) return evaluateProgram(body, inputs);
    if (tangents.every((t) => t === null)) {
      this.operations++;
      return bind(primitive, primals, params);
    }
    const outer = this.tangents.source;
    const origins = primals.map((x) => this.originOf(x));
    this.tangents.source = { index: this.operations++, primitive, params, inputs: primals, origins };
    try {
      const result = primitive.linearize
        ? primitive.linearize(this, primals, tangents, params)
        : primitive.jvp(primals, tangents, params);
      assertOuter(this, primitive.name, result.outputs);
      if (result.outputs.some((y) => y.trace === this.tangents)) {
        throw new DifferentiationError(`${primitive.name}: the rule's values must not depend on the tangents`);
      }
      const origin = origins[0];
      if (primitive.relayout && origin) {
        const rearrange = (x: NDArray) => bind1(primitive, [origin.rearrange(x)], params);
        this.origins.set(result.outputs[0] as NDArray, { leaf: origin.leaf, rearrange });
      }
      return result.outputs.map((y, i) => this.pair(y, result.tangents[i] ?? null));
    } finally {
      this.tangents.source = outer;
    }
  }

  split(value: NDArray): Linearized {
    return value.trace === this ? (value.payload as Linearized) : { primal: value, tangent: null };
  }

  private pair(primal: NDArray, tangent: NDArray | null): NDArray {
    return NDArray.traced(primal, this, { primal, tangent } satisfies Linearized);
  }
}

/** The derivative of a function at a point: a linear program from tangents of the inputs to tangents of the outputs. */
export interface Linearization {
  readonly outputs: NDArray[];
  /** Inputs: residuals, then one tangent for each input marked in `inputs`. Outputs: one tangent for each marked output. */
  readonly linear: ClosedProgram;
  readonly activeInputs: boolean[];
  readonly activeOutputs: boolean[];
  /** Which argument a residual is. */
  originOf(value: NDArray): Origin | null;
}

export function linearizeFlat(
  f: (inputs: NDArray[]) => readonly NDArray[],
  primals: readonly NDArray[],
  options: { name?: string; inlineCalls?: boolean } = {},
): Linearization {
  const name = options.name ?? 'linearize';
  return withTrace(
    (level) => new ProgramTrace(level, 'the derivative'),
    { ambient: false },
    (tangentTrace) =>
      withTrace(
        (level) => new LinearizeTrace(name, level, tangentTrace, options.inlineCalls ?? false),
        { ambient: false },
        (trace) => {
          const results = f(primals.map((x, i) => trace.argument(x, i))).map((y) => trace.split(y));
          const tangents = results.map((r) => r.tangent);
          return {
            outputs: results.map((r) => r.primal),
            linear: tangentTrace.finish(tangents.filter((t) => t !== null)),
            activeInputs: primals.map((x) => isFloating(x.dtype)),
            activeOutputs: tangents.map((t) => t !== null),
            originOf: (value) => trace.originOf(value),
          };
        },
      ),
  );
}
