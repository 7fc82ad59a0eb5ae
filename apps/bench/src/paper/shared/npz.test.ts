import { expect, test } from 'vitest';
import { readNpz } from './npz';

/** An entry of an archive as `numpy.savez` writes it. */
function entry(name: string, type: string, data: Uint8Array, method = 0): Buffer {
  const description = `{'descr': '${type}', 'fortran_order': False, 'shape': (2,), }\n`;
  const array = Buffer.concat([
    Buffer.from([0x93]),
    Buffer.from('NUMPY\x01\x00'),
    Buffer.from(Uint16Array.of(description.length).buffer),
    Buffer.from(description),
    data,
  ]);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(method, 8);
  header.writeUInt32LE(array.length, 18);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, Buffer.from(name), array]);
}

const bytesOf = (values: { buffer: ArrayBufferLike }) => new Uint8Array(values.buffer);

test('reads numbers by name and leaves text out', () => {
  const archive = Buffer.concat([
    entry('x.npy', '<f4', bytesOf(Float32Array.of(0.5, -2))),
    entry('names.npy', '<U1', new Uint8Array(8)),
    entry('labels.npy', '<i8', bytesOf(BigInt64Array.of(3n, -1n))),
  ]);
  expect([...readNpz(archive)]).toEqual([
    ['x', [0.5, -2]],
    ['labels', [3, -1]],
  ]);
});

test('refuses a compressed archive', () => {
  expect(() => readNpz(entry('x.npy', '<f4', new Uint8Array(8), 8))).toThrow(/uncompressed/);
});
