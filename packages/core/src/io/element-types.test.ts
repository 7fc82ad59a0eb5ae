import { describe, expect, test } from 'vitest';
import type { NDArray } from '../array/ndarray';
import { fromSafetensors } from '.';
import { bytesOf, fileOf } from './test-support';

function read(dtype: string, data: ArrayBufferView): NDArray {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const size = { F16: 2, BF16: 2, U8: 1, I8: 1, U16: 2, I16: 2, U64: 8, I64: 8, BOOL: 1 }[dtype] as number;
  const header = `{"x":{"dtype":"${dtype}","shape":[${bytes.length / size}],"data_offsets":[0,${bytes.length}]}}`;
  return fromSafetensors(fileOf(header, bytes)).tensors.x as NDArray;
}

describe('16-bit floats become float32', () => {
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i);

  test('F16: all 65536, by the definition', () => {
    const values = read('F16', all);
    expect(values.dtype).toBe('float32');
    const data = values.dataSync();
    all.forEach((bits, i) => {
      const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
      const size = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
      const magnitude = exponent < 31 ? size : fraction === 0 ? Number.POSITIVE_INFINITY : Number.NaN;
      const expected = bits >= 0x8000 ? -magnitude : magnitude;
      if (!Object.is(data[i], expected)) throw new Error(`half ${bits}: expected ${expected}, got ${data[i]}`);
    });
  });

  test('F16: the payload of NaN moves along', () => {
    expect(bytesOf(read('F16', Uint16Array.of(0xfd55))).bytes).toEqual([
      ...new Uint8Array(Uint32Array.of(0xffaaa000).buffer),
    ]);
  });

  test('BF16: all 65536 are the upper halves of float32', () => {
    const expected = Uint32Array.from(all, (bits) => bits << 16);
    expect(bytesOf(read('BF16', all)).bytes).toEqual([...new Uint8Array(expected.buffer)]);
  });
});

describe('integers become int32', () => {
  test.each([
    ['U8', Uint8Array.of(0, 255)],
    ['I8', Int8Array.of(-128, 127)],
    ['U16', Uint16Array.of(0, 65535)],
    ['I16', Int16Array.of(-32768, 32767)],
    ['U64', BigUint64Array.of(0n, 2n ** 31n - 1n)],
    ['I64', BigInt64Array.of(-(2n ** 31n), -1n, 2n ** 31n - 1n)],
  ])('%s', (dtype, data) => {
    const x = read(dtype, data);
    expect(x.dtype).toBe('int32');
    expect(x.toJS()).toEqual(Array.from(data as ArrayLike<number | bigint>, Number));
  });

  test.each([
    ['U64', BigUint64Array.of(0n, 2n ** 31n), '2147483648 (at 1)'],
    ['U64', BigUint64Array.of(2n ** 64n - 1n), '18446744073709551615 (at 0)'],
    ['I64', BigInt64Array.of(-(2n ** 31n) - 1n), '-2147483649 (at 0)'],
    ['I64', BigInt64Array.of(2n ** 32n), '4294967296 (at 0)'],
  ])('%s that does not fit', (dtype, data, shown) => {
    expect(() => read(dtype, data)).toThrow(
      `io.fromSafetensors: not a valid safetensors file: tensor "x" has the element ${shown}, which does not fit in int32`,
    );
  });
});

test('a bool is 0 or 1', () => {
  expect(read('BOOL', Uint8Array.of(0, 1)).toJS()).toEqual([false, true]);
  expect(() => read('BOOL', Uint8Array.of(0, 2))).toThrow('tensor "x" is BOOL, but element 1 is the byte 2');
});
