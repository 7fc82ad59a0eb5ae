import { NDArray } from '../array/ndarray';
import { ArgumentError } from '../errors';
import type { Primitive } from '../primitives/primitive';
import { evaluateEquation } from '../program/execute';
import { findTrace } from './trace';

/**
 * Applies a primitive to arrays: runs it, or hands it to the transform that is tracing the inputs.
 *
 * Inputs are not broadcast or promoted here; that is the job of the functions in `np`.
 */
export function bind<P extends object>(primitive: Primitive<P>, inputs: readonly NDArray[], params: P): NDArray[] {
  for (const input of inputs) {
    if (!(input instanceof NDArray)) {
      throw new ArgumentError(`${primitive.name}: expected arrays, got ${typeof input}; make one with array(...)`);
    }
  }
  const trace = findTrace(primitive.name, inputs);
  if (trace === null) {
    return primitive.evaluate ? primitive.evaluate([...inputs], params) : evaluateEquation(primitive, inputs, params);
  }
  const lifted = inputs.map((x) => (x.trace === trace ? x : trace.lift(x)));
  return trace.process(primitive, lifted, params);
}

/** `bind` for primitives with one output. */
export function bind1<P extends object>(primitive: Primitive<P>, inputs: readonly NDArray[], params: P): NDArray {
  return bind(primitive, inputs, params)[0] as NDArray;
}
