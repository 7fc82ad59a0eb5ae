import { describe, expect, test } from 'vitest';
import { array, np } from '../index';
import { allocate, bytesPerElement, type DType, dtypes, promoteDTypes, promoteWithScalar } from './dtype';

describe('promotion', () => {
  // Rows and columns: bool, uint32, int32, float32, float64.
  const table: Record<DType, string> = {
    bool: 'bool uint32 int32 float32 float64',
    uint32: 'uint32 uint32 int32 float32 float64',
    int32: 'int32 int32 int32 float32 float64',
    float32: 'float32 float32 float32 float32 float64',
    float64: 'float64 float64 float64 float64 float64',
  };
  const one = (dtype: DType) => array([1], { dtype });

  test.each(dtypes)('of %s with every other dtype, by the table', (a) => {
    expect(dtypes.map((b) => promoteDTypes(a, b))).toEqual((table[a] as string).split(' '));
    expect(dtypes.map((b) => np.maximum(one(a), one(b)).dtype)).toEqual((table[a] as string).split(' '));
    expect(dtypes.map((b) => np.where(true, one(a), one(b)).dtype)).toEqual((table[a] as string).split(' '));
    expect(dtypes.map((b) => np.concatenate([one(a), one(b)]).dtype)).toEqual((table[a] as string).split(' '));
  });

  test('is the join of an order: commutative, associative, idempotent', () => {
    for (const a of dtypes) {
      expect(promoteDTypes(a, a)).toBe(a);
      for (const b of dtypes) {
        expect(promoteDTypes(a, b)).toBe(promoteDTypes(b, a));
        for (const c of dtypes)
          expect(promoteDTypes(promoteDTypes(a, b), c)).toBe(promoteDTypes(a, promoteDTypes(b, c)));
      }
    }
  });

  test.each([
    ['bool', true, 'bool'],
    ['bool', 2, 'int32'],
    ['bool', 0.5, 'float32'],
    ['uint32', true, 'uint32'],
    ['uint32', 2, 'uint32'],
    ['uint32', 0.5, 'float32'],
    ['int32', -2, 'int32'],
    ['int32', Number.NaN, 'float32'],
    ['int32', Number.POSITIVE_INFINITY, 'float32'],
    ['float32', 0.1, 'float32'],
    ['float64', 2, 'float64'],
  ] as const)('of %s with the number %s is %s', (dtype, value, expected) => {
    expect(promoteWithScalar(dtype, value)).toBe(expected);
    expect(np.maximum(one(dtype), value).dtype).toBe(expected);
    expect(np.maximum(value, one(dtype)).dtype).toBe(expected);
  });

  test('of JavaScript numbers alone is float32, of booleans bool', () => {
    expect(np.maximum(1, 2).dtype).toBe('float32');
    expect(np.maximum(true, false).dtype).toBe('bool');
    expect(np.where(true, 1, 2).dtype).toBe('float32');
  });

  test('a number keeps the precision of float64', () => {
    expect(array([0], { dtype: 'float64' }).add(0.1).item()).toBe(0.1);
    expect(array([0]).add(0.1).item()).toBe(Math.fround(0.1));
  });

  test('division and elementary functions of whole numbers give float32', () => {
    for (const dtype of ['bool', 'uint32', 'int32', 'float32'] as const) {
      expect(one(dtype).div(one(dtype)).dtype).toBe('float32');
      expect(np.exp(one(dtype)).dtype).toBe('float32');
      expect(np.mean(one(dtype)).dtype).toBe('float32');
    }
    expect(np.exp(one('float64')).dtype).toBe('float64');
  });
});

test('storage', () => {
  expect(dtypes.map((dtype) => [allocate(dtype, 3).length, bytesPerElement(dtype)])).toEqual([
    [3, 1],
    [3, 4],
    [3, 4],
    [3, 4],
    [3, 8],
  ]);
});
