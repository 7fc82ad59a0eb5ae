import { array, FormatError, io, type NDArray, np, tree } from '@forback/core';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compress, decompress, loadCompressed, saveCompressed, sparseMatmul } from '.';
import { crc32 } from './checksum';
import { normal, patterns } from './test-support';

function masked(shape: readonly [number, number], nm: { n: number; m: number }, axis: 0 | 1 = 1, shared = false) {
  return decompress(compress(normal(shape, 7), { ...nm, axis, shared }), { size: shape[axis] as number, axis });
}

function bits(x: NDArray): number[] {
  return [...new Uint8Array(x.dataSync().buffer)];
}

function expectSame(actual: unknown, expected: unknown): void {
  const [a, b] = [tree.paths(actual), tree.paths(expected)];
  expect(a.map(({ path }) => path)).toEqual(b.map(({ path }) => path));
  a.forEach(({ leaf }, i) => {
    const other = b[i]?.leaf as NDArray;
    expect([leaf.shape, leaf.dtype, bits(leaf)]).toEqual([other.shape, other.dtype, bits(other)]);
  });
}

describe('compressed files', () => {
  test('give back every bit, of what is sparse and of what is not', () => {
    const nm = { n: 2, m: 4 };
    const params = {
      layers: [
        { weight: masked([40, 30], nm), bias: normal([30], 2) },
        { weight: masked([30, 11], nm, 0), bias: normal([11], 3) },
      ],
      filters: masked([8, 3 * 3 * 3], nm).reshape([8, 3, 3, 3]),
      dense: normal([9, 8], 4),
      // A zero in front of three −0: their signs would be lost.
      signs: np.tile(array([[-0, 0, 1, Number.NaN, 0, -0, -0, -0]]), [6, 1]),
      steps: array([1, 2], { dtype: 'int32' }),
    };
    const bytes = saveCompressed(params, nm);
    const loaded = loadCompressed<typeof params>(bytes);
    expectSame(loaded.params, params);
    expect(Object.keys(loaded.weights).sort()).toEqual(['filters', 'layers[0].weight', 'layers[1].weight']);
    const first = loaded.weights['layers[0].weight'];
    if (first === undefined) throw new Error('no weight');
    const x = normal([5, 30], 5);
    const [a, b] = [sparseMatmul(x, first), x.matmul(params.layers[0]?.weight.T as NDArray)];
    expect(np.max(np.abs(a.sub(b))).item()).toBeLessThan(1e-4);
  });

  test('of every pattern, size and way of sharing', () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 40 }));
    fc.assert(
      fc.property(
        sizes,
        fc.constantFrom(...patterns),
        fc.boolean(),
        fc.constantFrom(0 as const, 1 as const),
        (size, nm, shared, axis) => {
          const weight = masked(size, nm, axis, shared);
          expectSame(loadCompressed(saveCompressed({ weight }, { ...nm, shared })).params, { weight });
        },
      ),
      { numRuns: 30 },
    );
  });

  test('take two bits for each value at 2:4', () => {
    const weight = masked([256, 256], { n: 2, m: 4 });
    const bytes = saveCompressed({ weight }, { n: 2, m: 4 });
    const payload = 256 * 128 * (4 + 2 / 8);
    expect(bytes.length).toBeGreaterThan(payload);
    expect(bytes.length).toBeLessThan(payload + 1024);
  });
});

describe('damaged files', () => {
  const nm = { n: 1, m: 3 };
  const weight = masked([5, 7], nm);
  const bytes = saveCompressed({ weight }, nm);
  const file = () => io.load<{ version: number; params: unknown; weights: Record<string, object> }>(bytes);
  const refuses = (changed: unknown, message: string) => {
    expect(() => loadCompressed(io.save(changed))).toThrow(FormatError);
    expect(() => loadCompressed(io.save(changed))).toThrow(message);
  };
  const withWeight = (fields: object) => ({ ...file(), weights: { weight: { ...file().weights.weight, ...fields } } });

  test('of other programs and versions', () => {
    refuses({ weight }, 'loadCompressed: a file of io.save, but not one of saveCompressed');
    refuses({ ...file(), version: 2 }, 'the file has version 2');
    for (const length of [0, 50, bytes.length - 1]) {
      expect(() => loadCompressed(bytes.subarray(0, length))).toThrow(FormatError);
    }
  });

  test.each([
    [{ n: 4 }, 'no pattern n:m with n = 4, m = 3'],
    [{ axis: 2 }, 'axis is 2'],
    [{ shared: 1 }, 'shared is 1'],
    [{ shape: [5] }, 'it has no shape'],
    [{ shape: [5, 8, 2] }, 'expected values [5, 6], got [5, 3]'],
    [{ positions: array([1]) }, 'expected 1 words of positions'],
    [{ positions: array([0xffffffff], { dtype: 'uint32' }) }, 'position 3 of place 0 follows -1 in a group of 3'],
    [{ positions: array([0x40000000], { dtype: 'uint32' }) }, 'there are bits behind the last position'],
  ])('%j', (fields, message) => refuses(withWeight(fields), `weight weight: ${message}`));

  test('with values or descriptions that are missing', () => {
    refuses({ ...file(), weights: { other: file().weights.weight } }, 'weight other: there are no values of that name');
    refuses({ ...file(), weights: { weight: 3 } }, 'weight weight: it is not described by an object');
  });

  test('any change of one byte is refused, or changes nothing', () => {
    const params = { weight, bias: normal([7], 1) };
    const saved = saveCompressed(params, nm);
    const whole = loadCompressed(saved);
    fc.assert(
      fc.property(fc.nat(saved.length - 1), fc.nat(255), (at, byte) => {
        const changed = saved.slice();
        changed[at] = byte;
        let loaded: unknown;
        try {
          loaded = loadCompressed(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
          return;
        }
        expectSame(loaded, whole);
      }),
      { numRuns: 300 },
    );
  });

  test('numbers that are as good as the saved ones, and files without a checksum', () => {
    refuses({ ...file(), params: { weight: np.ones([5, 3]) } }, 'its checksum is another');
    refuses({ ...file(), checksum: undefined }, 'its checksum is another');
  });
});

test('the checksum is that of the standard', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array(0))).toBe(0);
});
