import { isFloating } from '../array/dtype';
import * as primitives from '../primitives/cast';
import { map } from '../tree/tree';

/** The same tree, whose derivative is zero in both directions. */
export function stopGradient<T>(value: T): T {
  return map((x) => (isFloating(x.dtype) ? primitives.stopGradient(x) : x), value);
}
