import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cumsumKernel } from './cumulative';
import { indicesOf, position, run, smallIntegers, total } from './test-support';

test('each element is the sum of its line up to there, or from there on', () => {
  const property = fc.property(
    fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }),
    fc.nat(),
    fc.boolean(),
    (shape, anyAxis, reverse) => {
      const axis = anyAxis % shape.length;
      const data = smallIntegers(total(shape), 1);
      const expected = Float64Array.from(indicesOf(shape), (index) => {
        const here = index[axis] as number;
        let sum = 0;
        for (let i = 0; i < (shape[axis] as number); i++) {
          if (reverse ? i >= here : i <= here) sum += data[position(shape, index.with(axis, i))] as number;
        }
        return sum;
      });
      const kernel = cumsumKernel({ shape, axis, reverse, dtype: 'float64' });
      expect(run(kernel, [data], new Float64Array(data.length))[0]).toEqual(expected);
    },
  );
  fc.assert(property, { seed: 1, numRuns: 300 });
});

test('integers wrap', () => {
  const word = fc.oneof(fc.nat(0xffffffff), fc.constant(0xffffffff));
  const property = fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
    const spec = { shape: [words.length], axis: 0, reverse: false };
    const u = run(
      cumsumKernel({ ...spec, dtype: 'uint32' }),
      [Uint32Array.from(words)],
      new Uint32Array(words.length),
    )[0];
    const s = run(cumsumKernel({ ...spec, dtype: 'int32' }), [Int32Array.from(words)], new Int32Array(words.length))[0];
    let exact = 0n;
    words.forEach((each, i) => {
      exact += BigInt(each);
      expect(u[i]).toBe(Number(BigInt.asUintN(32, exact)));
      expect(s[i]).toBe(Number(BigInt.asIntN(32, exact)));
    });
  });
  fc.assert(property, { seed: 2, numRuns: 100 });
});

test('integers wrap exactly however long the line', () => {
  // 2^23 times 2^31 - 1 passes 2^53, where doubles stop counting; a shorter line of doubles would hide that.
  const length = 2 ** 23;
  const kernel = cumsumKernel({ shape: [length], axis: 0, reverse: false, dtype: 'int32' });
  const [out] = run(kernel, [new Int32Array(length).fill(2 ** 31 - 1)], new Int32Array(length));
  expect(out.at(-1)).toBe(Number(BigInt.asIntN(32, BigInt(length) * (2n ** 31n - 1n))));
});

test('float32 sums in double precision', () => {
  const kernel = cumsumKernel({ shape: [3], axis: 0, reverse: false, dtype: 'float32' });
  const [out] = run(kernel, [Float32Array.of(2 ** 24, 1, 1)], new Float32Array(3));
  expect([...out]).toEqual([2 ** 24, 2 ** 24, 2 ** 24 + 2]);
});

test('missing buffers are refused', () => {
  const kernel = cumsumKernel({ shape: [1], axis: 0, reverse: false, dtype: 'float32' });
  expect(() => kernel([], [])).toThrow('cumsum: expected one input and one output');
});
