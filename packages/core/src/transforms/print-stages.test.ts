import { afterEach, expect, test } from 'vitest';
import { init, jit, type NDArray, np, printStages } from '../index';

afterEach(() => init());

const twice = jit((x: NDArray) => np.exp(np.matmul(x, x)));
const f = (x: NDArray) => np.sum(twice(x).mul(1).add(twice(x)));

/** The lines of a stage. */
function stage(text: string, name: string): string[] {
  const lines = text.split('\n');
  const start = lines.indexOf(name) + 1;
  const end = lines.findIndex((line, i) => i > start && !line.startsWith(' '));
  return lines.slice(start, end < 0 ? undefined : end).map((line) => line.trim());
}

test('shows the program at every stage', () => {
  init({ threads: 1 });
  const text = printStages(f, np.zeros([32, 32]));
  const count = (name: string, word: string) => stage(text, name).filter((line) => line.includes(word)).length;
  expect([count('traced', '= call'), count('inlined', '= dot'), count('optimised', '= dot')]).toEqual([2, 2, 1]);
  expect([count('inlined', '= mul'), count('optimised', '= mul')]).toEqual([1, 0]);
  expect(count('fused', 'fusedReduction')).toBe(1);
  const steps = stage(text, 'steps');
  expect(steps.join(' ')).toMatch(/product.pack in 2 parts, product.multiply in 1 part.*reduce.part in 1 part/);
  expect(steps.at(-1)).toMatch(/^in \d+ bytes of WASM memory$/);
});

test('the reference backend has no stages of its own', () => {
  init({ backend: 'reference' });
  expect(printStages(f, np.zeros([32, 32]))).not.toMatch(/^fused$/m);
});
