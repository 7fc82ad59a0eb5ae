import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { array, init, jit, type NDArray, np, random } from '../../index';
import { div, rem } from '../../primitives/arithmetic';

afterEach(() => init());

function onBackend(backend: 'wasm' | 'reference', f: (...xs: NDArray[]) => NDArray | NDArray[], inputs: NDArray[]) {
  init({ backend });
  const result = jit(f)(...inputs);
  return (Array.isArray(result) ? result : [result]).map((y) => y.dataSync());
}

function numbers(shape: readonly number[], seed: number): NDArray {
  const n = shape.reduce((a, b) => a * b, 1);
  return array(
    Float32Array.from({ length: n }, (_, i) => Math.sin(seed * 12.9 + i * 0.731) * 3),
    { shape },
  );
}

function same(f: (...xs: NDArray[]) => NDArray | NDArray[], inputs: NDArray[]): void {
  expect(onBackend('wasm', f, inputs)).toEqual(onBackend('reference', f, inputs));
}

describe('fused operations give the bits of the reference', () => {
  test.each([1, 255, 256, 257, 4095, 4096, 4097, 10_001])('for %i elements', (n) => {
    same(
      (x, y) => np.where(x.greater(y), x.mul(y).sub(1), np.maximum(x, 0).add(y)),
      [numbers([n], 1), numbers([n], 2)],
    );
  });

  test('for broadcast, transposed, sliced and flipped operands', () => {
    const f = (x: NDArray, row: NDArray, column: NDArray, y: NDArray) =>
      x
        .mul(row)
        .add(column)
        .sub(y.T)
        .mul(np.flip(x, 1))
        .add(x.slice([0, 1], [0, 1]));
    same(f, [numbers([37, 53], 1), numbers([53], 2), numbers([37, 1], 3), numbers([53, 37], 4)]);
  });

  test('for bools and whole numbers', () => {
    const f = (x: NDArray, y: NDArray) => {
      const a = x.mul(100).astype('int32');
      const b = y.mul(100).astype('uint32');
      const mask = np.logicalXor(a.less(7), np.logicalNot(b.greaterEqual(120)));
      return [
        mask,
        np.where(mask, a, a.mul(-3)),
        b.add(b).astype('float32'),
        np.minimum(b, 90),
        mask.astype('int32'),
        a.notEqual(0),
      ];
    };
    same(f, [numbers([777], 5), np.abs(numbers([777], 6)).mul(3e7)]);
  });

  test.each([256, 257, 258, 259, 4097])('for %i elements of float64', (n) => {
    const f = (x: NDArray, y: NDArray) => {
      const [a, b] = [x.astype('float64').mul(1.1), y.astype('float64')];
      return [
        np.where(a.less(b), np.maximum(a, 0).div(b), np.abs(b).sub(a)),
        a.lessEqual(b),
        np.sqrt(np.abs(a)).astype('float32'),
        a.mul(1e9).astype('int32'),
        a.mul(1e9).astype('uint32'),
        x.mul(1e9).astype('int32').astype('float64').add(a),
        y.mul(1e9).astype('uint32').astype('float64'),
        a.greater(0).astype('float64'),
        a.astype('bool'),
        np.round(a).add(np.sign(b)),
        np.flip(a).add(a.at(3)),
      ];
    };
    same(f, [numbers([n], 1), numbers([n], 2)]);
  });

  test('for float64 of any layout', () => {
    const f = (x: NDArray, row: NDArray) => x.T.mul(row.astype('float64')).sub(np.flip(x.T, 1));
    same(f, [numbers([53, 37], 1).astype('float64'), numbers([53], 2)]);
  });

  test('for division and shifts of whole numbers', () => {
    const edges = [0, 1, -1, 2, 3, 31, 32, 33, -(2 ** 31), 2 ** 31 - 1, 100_000, -7];
    const pairs = edges.flatMap((x) => edges.map((y) => [x, y] as const));
    const operands = (dtype: 'int32' | 'uint32') =>
      [0, 1].map((side) => {
        const values = Array.from({ length: 4 * pairs.length }, (_, i) => pairs[i % pairs.length]?.[side] as number);
        return array(dtype === 'int32' ? Int32Array.from(values) : Uint32Array.from(values));
      });
    const f = (x: NDArray, y: NDArray) => [
      div(x, y),
      rem(x, y),
      np.leftShift(x, y),
      np.rightShift(x, y),
      ...[0, 5, 31, 32].flatMap((bits) => [np.leftShift(x, bits), np.rightShift(x, bits)]),
      np.rightShift(x, y.slice([2, 3])),
      np.sign(x),
    ];
    same(f, operands('int32'));
    same(f, operands('uint32'));
  });

  test('for random bits', () => {
    same((key) => [random.bits(key, [1001]), ...random.split(key, 300)], [random.key(5)]);
  });

  test('for NaN, infinities and negative zero', () => {
    const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 1, -1, 2 ** -149];
    const x = array(Float32Array.from({ length: 512 }, (_, i) => special[i % 8] as number));
    const y = array(Float32Array.from({ length: 512 }, (_, i) => special[(i >> 3) % 8] as number));
    const f = (a: NDArray, b: NDArray) => [
      np.maximum(a, b),
      np.minimum(a, b),
      a.div(b),
      a.less(b),
      a.equal(b),
      np.abs(a).neg(),
      a.astype('int32'),
      a.astype('bool'),
    ];
    const [wasm, reference] = [onBackend('wasm', f, [x, y]), onBackend('reference', f, [x, y])];
    // Zeros of either sign are equal here: which of two equal zeros is the larger is not defined.
    wasm.forEach((values, k) => {
      expect([...values].map((v) => (v === 0 ? 0 : v))).toEqual(
        [...(reference[k] as typeof values)].map((v) => (v === 0 ? 0 : v)),
      );
    });
  });

  test('for random programs', () => {
    const unary = [
      (x: NDArray) => x.neg(),
      np.abs,
      np.floor,
      np.square,
      (x: NDArray) => x.mul(0.5),
      (x: NDArray) => x.sum(0).add(x),
    ];
    const binary = [
      np.add,
      np.subtract,
      np.multiply,
      np.maximum,
      (a: NDArray, b: NDArray) => np.where(a.less(b), a, b),
    ];
    const operation = fc.record({ kind: fc.nat(), a: fc.nat(), b: fc.nat() });
    fc.assert(
      fc.property(
        fc.array(operation, { minLength: 1, maxLength: 14 }),
        fc.constantFrom([17, 31], [300], [4, 1100]),
        (operations, shape) => {
          const f = (x: NDArray, y: NDArray) => {
            const values = [x, y];
            for (const { kind, a, b } of operations) {
              const left = values[a % values.length] as NDArray;
              const right = values[b % values.length] as NDArray;
              const choice = kind % (unary.length + binary.length);
              const one = unary[choice];
              values.push(one ? one(left) : (binary[choice - unary.length] as typeof np.add)(left, right));
            }
            return values.slice(-3);
          };
          same(f, [numbers(shape, 1), numbers(shape, 2)]);
        },
      ),
      { numRuns: 60, seed: 7 },
    );
  });

  test('when donated operands are overwritten', () => {
    const f = (x: NDArray, y: NDArray) => [x.mul(2).add(y), y.sub(x)];
    const run = (backend: 'wasm' | 'reference') => {
      init({ backend });
      return jit((x: NDArray, y: NDArray) => f(x, y), { donate: [0, 1] })(numbers([9000], 1), numbers([9000], 2)).map(
        (v) => v.dataSync(),
      );
    };
    expect(run('wasm')).toEqual(run('reference'));
  });
});
