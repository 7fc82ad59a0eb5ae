import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../errors';
import { array } from '../numpy';
import { fromSafetensors, load, save, toSafetensors } from '.';
import { fileOf } from './test-support';

const invalid = 'io.fromSafetensors: not a valid safetensors file: ';
const foreign = 'io.fromSafetensors: not a safetensors file';
const ascii = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

function refuses(bytes: Uint8Array, message: string): void {
  expect(() => fromSafetensors(bytes)).toThrow(FormatError);
  expect(() => fromSafetensors(bytes)).toThrow(message);
}

describe('truncated files', () => {
  const file = save({ a: array([1, 2, 3]), b: { c: array([true]) } });

  test('are refused at every length', () => {
    for (let n = 0; n < file.length; n++) expect(() => load(file.subarray(0, n))).toThrow(FormatError);
  });

  test('say so', () => {
    refuses(file.subarray(0, 7), `${foreign}: it has 7 bytes, and the length of the header alone takes 8`);
    refuses(new Uint8Array(), `${foreign}: it has 0 bytes`);
    refuses(file.subarray(0, 100), 'bytes, but only 92 follow; it may be truncated');
    refuses(file.subarray(0, -1), 'takes the bytes from 12 to 13, but only 12 follow the header; it may be truncated');
  });
});

describe('foreign files', () => {
  const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13);

  test.each([
    ['a PNG picture', png],
    ['a NumPy .npy file', ascii('\x93NUMPY\x01\x00v\x00{"descr": "<f4"}')],
    ['a ZIP archive (such as .npz or PyTorch .pt)', ascii('PK\x03\x04\x14\x00\x00\x00\x08\x00')],
    ['gzip data', ascii('\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03')],
    ['a Python pickle', ascii('\x80\x02}q\x00(X\x01\x00')],
    ['a Python pickle', ascii('\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00}')],
    ['an HDF5 file', ascii('\x89HDF\r\n\x1a\n\x00\x00')],
    ['a GGUF file', ascii('GGUF\x03\x00\x00\x00\x00\x00\x00\x00')],
    ['a JPEG picture', ascii('\xff\xd8\xff\xe0\x00\x10JFIF\x00')],
    ['JSON text', ascii('{"layers": [{"weight": [1, 2]}]}')],
    ['JSON text', ascii('\n [1, 2, 3, 4, 5]')],
    ['text', ascii('<!doctype html><html><body>404</body></html>')],
  ])('%s is recognised', (name, bytes) => {
    refuses(bytes, `${foreign} but ${name}: `);
    expect(() => load(bytes)).toThrow(`io.load: not a safetensors file but ${name}: `);
  });

  test('random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => fromSafetensors(bytes)).toThrow(FormatError);
      }),
    );
  });

  test('any change of one byte gives a FormatError or a file that reads', () => {
    const file = save({ a: array([1, 2]), m: array([true]), n: -0, s: 'x' });
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(255), (at, byte) => {
        const changed = file.slice();
        changed[at] = byte;
        try {
          load(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('what is not bytes', () => {
    expect(() => fromSafetensors('file' as never)).toThrow(
      'io.fromSafetensors: expected the bytes of a file (Uint8Array or ArrayBuffer), got string',
    );
    expect(() => load(null as never)).toThrow(
      'io.load: expected the bytes of a file (Uint8Array or ArrayBuffer), got null',
    );
  });
});

describe('headers', () => {
  test('of absurd length', () => {
    const huge = new Uint8Array(16).fill(0xff, 0, 8);
    refuses(huge, 'say that the header has 18446744073709551615 bytes; at most 100000000 are allowed');
    refuses(Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 0), 'say that the header has 255 bytes, but only 0 follow');
  });

  test.each([
    ['', 'its header does not start with {'],
    [' {}', 'its header does not start with {'],
    ['[]', 'its header does not start with {'],
    ['{"a":', 'its header is not JSON in UTF-8'],
    ['{}\0', 'its header is not JSON in UTF-8'],
    ['{"a":1,"a":1}', 'its header has the name "a" twice'],
    ['{"a":{"dtype":"U8","shape":[],"shape":[0]}}', 'its header has the name "shape" twice'],
  ])('%j', (header, message) => {
    refuses(fileOf(header), `${foreign}: ${message}`);
  });

  test('that are not UTF-8', () => {
    const file = fileOf('{"a":1}');
    file[10] = 0xff;
    refuses(file, 'its header is not JSON in UTF-8');
  });

  test('nested without end', () => {
    const deep = 200_000;
    refuses(fileOf(`{"a":${'['.repeat(deep)}${']'.repeat(deep)}}`), 'tensor "a" is not described by an object');
  });
});

describe('tensors', () => {
  const tensor = (fields: object) => ({ dtype: 'U8', shape: [2], data_offsets: [0, 2], ...fields });

  test.each([
    [{ a: [] }, 'tensor "a" is not described by an object'],
    [{ a: null }, 'tensor "a" is not described by an object'],
    [{ a: tensor({ extra: 1 }) }, 'tensor "a" has an unknown field "extra"'],
    [
      { a: tensor({ dtype: 'F8_E4M3' }) },
      'tensor "a" has the dtype "F8_E4M3"; known here are F64, F32, I32, U32, BOOL,',
    ],
    [{ a: tensor({ dtype: undefined }) }, 'tensor "a" has the dtype undefined'],
    [{ a: tensor({ dtype: 'toString' }) }, 'tensor "a" has the dtype "toString"'],
    [{ a: tensor({ shape: 2 }) }, 'tensor "a" has no shape of whole numbers: 2'],
    [{ a: tensor({ shape: [-2] }) }, 'tensor "a" has no shape of whole numbers: [-2]'],
    [{ a: tensor({ shape: [1.5] }) }, 'no shape of whole numbers'],
    [{ a: tensor({ shape: ['2'] }) }, 'no shape of whole numbers'],
    [{ a: tensor({ shape: [2 ** 53] }) }, 'no shape of whole numbers'],
    [{ a: tensor({ data_offsets: [0] }) }, 'tensor "a" has no two data_offsets: [0]'],
    [{ a: tensor({ data_offsets: [0, 1, 2] }) }, 'no two data_offsets'],
    [{ a: tensor({ data_offsets: [-2, 0] }) }, 'no two data_offsets'],
    [{ a: tensor({ data_offsets: [2, 0] }) }, 'tensor "a" ends at 0 before it starts at 2'],
    [{ a: tensor({ shape: [3] }) }, 'tensor "a" has 2 bytes, but U8[3] takes 3'],
    [{ a: tensor({ shape: [2 ** 31, 2 ** 31, 4] }) }, 'but U8[2147483648, 2147483648, 4] takes 18446744073709551616'],
    [{ a: tensor({ dtype: 'I64', shape: [2 ** 52, 2 ** 9] }) }, 'takes 18446744073709551616'],
    [{ a: tensor({}), b: tensor({}) }, 'tensor "b" overlaps tensor "a"'],
    [{ a: tensor({}), b: tensor({ data_offsets: [1, 3] }) }, 'tensor "b" overlaps tensor "a"'],
    [{ a: tensor({ data_offsets: [1, 3] }) }, 'no tensor has the bytes from 0 to 1, in front of tensor "a"'],
    [
      { a: tensor({}), b: tensor({ data_offsets: [3, 5] }) },
      'no tensor has the bytes from 2 to 3, in front of tensor "b"',
    ],
    [
      { a: tensor({ shape: [9], data_offsets: [0, 9] }) },
      'tensor "a" takes the bytes from 0 to 9, but only 4 follow the header',
    ],
    [{ a: tensor({}) }, '2 bytes behind the last tensor belong to none'],
    [{}, '4 bytes behind the last tensor belong to none'],
    [{ __metadata__: 3 }, '__metadata__ is not an object'],
    [{ __metadata__: ['a'] }, '__metadata__ is not an object'],
    [{ __metadata__: { a: 1 } }, 'metadata "a" is not a string'],
  ])('%j', (header, message) => {
    refuses(fileOf(JSON.stringify(header), [1, 2, 3, 4]), message);
  });

  test('names that reach for prototypes', () => {
    const info = '{"dtype":"U8","shape":[],"data_offsets":[0,1]}';
    refuses(fileOf(`{"__proto__":${info}}`, [1]), `${invalid}the name __proto__ is not allowed`);
    refuses(fileOf('{"__metadata__":{"__proto__":"x"}}'), `${invalid}the name __proto__ is not allowed`);
    refuses(fileOf(`{"a":{"__proto__":{},${info.slice(1)}}`, [1]), 'tensor "a" has an unknown field "__proto__"');
    const { tensors } = fromSafetensors(fileOf(`{"constructor":${info}}`, [1]));
    expect(tensors.constructor).toHaveProperty('shape', []);
  });

  test('an empty array may have any place', () => {
    const file = toSafetensors({ a: array([], { shape: [0, 5] }), b: array([1]), c: array([], { dtype: 'bool' }) });
    const shapes = Object.entries(fromSafetensors(file).tensors).map(([name, x]) => [name, x.shape]);
    expect(Object.fromEntries(shapes)).toEqual({ a: [0, 5], b: [1], c: [0] });
  });
});
