import { NDArray } from '../array/ndarray';
import type { ShapedType } from '../array/shape';
import type { Primitive } from '../primitives/primitive';
import { removeDeadCode } from '../program/passes';
import {
  type Atom,
  type ClosedProgram,
  type Equation,
  newVar,
  type SourceEquation,
  type Var,
} from '../program/program';
import { currentRegion } from './region';
import { type Trace, withTrace } from './trace';

/** Records operations as the equations of a program. Tracers carry atoms. */
export class ProgramTrace implements Trace {
  private readonly arguments: Var[] = [];
  private readonly captured = new Map<NDArray, { variable: Var; tracer: NDArray }>();
  private readonly equations: Equation[] = [];
  /** Attached to the equations that are recorded while it is set. */
  source: SourceEquation | undefined;

  constructor(
    readonly level: number,
    readonly name: string,
  ) {}

  argument(type: ShapedType): NDArray {
    const variable = newVar(type);
    this.arguments.push(variable);
    return this.tracer(variable);
  }

  lift(value: NDArray): NDArray {
    if (value.literal) return this.tracer({ kind: 'literal', value, shape: value.shape, dtype: value.dtype });
    let entry = this.captured.get(value);
    if (entry === undefined) {
      const variable = newVar(value);
      entry = { variable, tracer: this.tracer(variable) };
      this.captured.set(value, entry);
    }
    return entry.tracer;
  }

  lower(): null {
    return null;
  }

  process(primitive: Primitive, inputs: NDArray[], params: object): NDArray[] {
    if (primitive.stage) return primitive.stage(this, inputs, params);
    return this.record(primitive, inputs, params);
  }

  record(primitive: Primitive, inputs: readonly NDArray[], params: object): NDArray[] {
    const outputs = primitive.outputs(inputs, params).map(newVar);
    const region = currentRegion();
    this.equations.push({ primitive, params, inputs: inputs.map(atomOf), outputs, source: this.source, region });
    return outputs.map((v) => this.tracer(v));
  }

  finish(outputs: readonly NDArray[]): ClosedProgram {
    const atoms = outputs.map((x) => atomOf(x.trace === this ? x : this.lift(x)));
    return {
      // What nobody reads would still be differentiated and mapped by the transforms to come.
      program: removeDeadCode({
        inputs: [...[...this.captured.values()].map((c) => c.variable), ...this.arguments],
        equations: this.equations,
        outputs: atoms,
      }),
      constants: [...this.captured.keys()],
    };
  }

  private tracer(atom: Atom): NDArray {
    return NDArray.traced(atom, this, atom);
  }
}

function atomOf(tracer: NDArray): Atom {
  return tracer.payload as Atom;
}

/** Traces a function of flat arrays of the given types. What its results need is in the program. */
export function traceProgram(
  name: string,
  types: readonly ShapedType[],
  f: (inputs: NDArray[]) => readonly NDArray[],
): ClosedProgram {
  return withTrace(
    (level) => new ProgramTrace(level, name),
    { ambient: true },
    (trace) => trace.finish(f(types.map((type) => trace.argument(type)))),
  );
}
