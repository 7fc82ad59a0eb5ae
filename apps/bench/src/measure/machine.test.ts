import { expect, test } from 'vitest';
import { openblasCoreType } from './machine';

test.each([
  ['flags\t\t: fpu avx2 fma avx512f avx512bw avx512dq avx512vl', 'SKYLAKEX'],
  ['flags\t\t: fpu avx2 fma avx512f', 'HASWELL'],
  ['processor : 0\nflags : fma avx avx2\n', 'HASWELL'],
  ['flags\t\t: fpu sse2 avx', null],
  ['Features\t: fp asimd', null],
  ['', null],
])('%j takes %s', (cpuinfo, expected) => {
  expect(openblasCoreType(cpuinfo)).toBe(expected);
});
