import type { NDArray } from '../array/ndarray';
import { JvpTrace } from '../trace/jvp-trace';
import { withTrace } from '../trace/trace';

/** Forward derivative of a function of flat arrays; null tangents are zero. */
export function jvpFlat(
  f: (inputs: NDArray[]) => readonly NDArray[],
  primals: readonly NDArray[],
  tangents: readonly (NDArray | null)[],
): { outputs: NDArray[]; tangents: (NDArray | null)[] } {
  return withTrace(
    (level) => new JvpTrace(level),
    { ambient: false },
    (trace) => {
      const results = f(primals.map((x, i) => trace.dual(x, tangents[i] ?? null))).map((y) => trace.split(y));
      return { outputs: results.map((r) => r.primal), tangents: results.map((r) => r.tangent) };
    },
  );
}
