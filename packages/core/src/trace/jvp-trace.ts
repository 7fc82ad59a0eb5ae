import { NDArray } from '../array/ndarray';
import type { Primitive } from '../primitives/primitive';
import { bind } from './bind';
import { assertOuter, type Trace } from './trace';

interface Dual {
  readonly primal: NDArray;
  /** null is zero. */
  readonly tangent: NDArray | null;
}

/** Pushes tangents forward beside the values. */
export class JvpTrace implements Trace {
  readonly name = 'jvp';

  constructor(readonly level: number) {}

  dual(primal: NDArray, tangent: NDArray | null): NDArray {
    return NDArray.traced(primal, this, { primal, tangent } satisfies Dual);
  }

  lift(value: NDArray): NDArray {
    return this.dual(value, null);
  }

  lower(tracer: NDArray): NDArray {
    return (tracer.payload as Dual).primal;
  }

  process(primitive: Primitive, inputs: NDArray[], params: object): NDArray[] {
    const duals = inputs.map((x) => x.payload as Dual);
    const primals = duals.map((d) => d.primal);
    if (duals.every((d) => d.tangent === null)) return bind(primitive, primals, params);
    const { outputs, tangents } = primitive.jvp(
      primals,
      duals.map((d) => d.tangent),
      params,
    );
    assertOuter(this, primitive.name, [...outputs, ...tangents]);
    return outputs.map((y, i) => this.dual(y, tangents[i] ?? null));
  }

  split(value: NDArray): Dual {
    return value.trace === this ? (value.payload as Dual) : { primal: value, tangent: null };
  }
}
