import { NDArray } from '../array/ndarray';
import type { Primitive } from '../primitives/primitive';
import { assertOuter, type Trace } from './trace';

/** Carries a hidden axis in front of each mapped value. The payload is the value with that axis. */
export class BatchTrace implements Trace {
  readonly name = 'vmap';

  constructor(
    readonly level: number,
    readonly size: number,
  ) {}

  batched(value: NDArray): NDArray {
    return NDArray.traced({ shape: value.shape.slice(1), dtype: value.dtype }, this, value);
  }

  /** A value without the mapped axis; operations see it as unbatched. */
  lift(value: NDArray): NDArray {
    return NDArray.traced(value, this, new Unbatched(value));
  }

  lower(): null {
    return null;
  }

  process(primitive: Primitive, inputs: NDArray[], params: object): NDArray[] {
    const parts = inputs.map((x) => this.split(x));
    const result = primitive.batch(
      this.size,
      parts.map((p) => p.value),
      parts.map((p) => p.batched),
      params,
    );
    assertOuter(this, primitive.name, result.outputs);
    return result.outputs.map((y, i) => (result.batched[i] ? this.batched(y) : y));
  }

  split(x: NDArray): { value: NDArray; batched: boolean } {
    if (x.trace !== this) return { value: x, batched: false };
    const payload = x.payload as NDArray | Unbatched;
    return payload instanceof Unbatched ? { value: payload.value, batched: false } : { value: payload, batched: true };
  }
}

class Unbatched {
  constructor(readonly value: NDArray) {}
}
