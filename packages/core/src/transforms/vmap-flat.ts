import type { NDArray } from '../array/ndarray';
import { BatchTrace } from '../trace/batch-trace';
import { withTrace } from '../trace/trace';

/** Maps a function of flat arrays over axis 0 of the marked inputs. */
export function vmapFlat(
  f: (inputs: NDArray[]) => readonly NDArray[],
  size: number,
  inputs: readonly NDArray[],
  batched: readonly boolean[],
): { outputs: NDArray[]; batched: boolean[] } {
  return withTrace(
    (level) => new BatchTrace(level, size),
    { ambient: false },
    (trace) => {
      const results = f(inputs.map((x, i) => (batched[i] ? trace.batched(x) : x))).map((y) => trace.split(y));
      return { outputs: results.map((r) => r.value), batched: results.map((r) => r.batched) };
    },
  );
}
