import { expect } from 'vitest';
import './matchers';
import type { NDArray } from '../../src/array/ndarray';
import { init } from '../../src/backends/current';
import { jit } from '../../src/transforms/jit';

type Outcome = { readonly values: NDArray[] } | { readonly error: string };

function run(f: (...xs: NDArray[]) => NDArray | NDArray[], inputs: readonly NDArray[]): Outcome {
  try {
    const result = jit(f)(...inputs);
    return { values: Array.isArray(result) ? result : [result] };
  } catch (error) {
    return { error: String(error) };
  }
}

/** A compiled function gives the reference's bits, or its error, on one thread and on two; `rtol` allows for rounding. */
export function expectReference(
  f: (...xs: NDArray[]) => NDArray | NDArray[],
  inputs: readonly NDArray[],
  rtol?: number,
): void {
  try {
    init({ backend: 'reference' });
    const expected = run(f, inputs);
    for (const threads of [1, 2]) {
      init({ backend: 'wasm', threads });
      const actual = run(f, inputs);
      if ('error' in expected || 'error' in actual) expect(actual).toEqual(expected);
      else if (rtol === undefined) expect(actual.values).toHaveSameBits(expected.values);
      else expect(actual.values).toBeAllclose(expected.values, { rtol, atol: rtol });
    }
  } finally {
    init();
  }
}
