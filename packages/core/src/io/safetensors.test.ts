import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NDArray } from '../array/ndarray';
import { array, zeros } from '../numpy';
import { jit } from '../transforms/jit';
import { fromSafetensors, toSafetensors } from '.';
import { bytesOf, fileOf } from './test-support';

const doubled = (x: number) => [...new Uint8Array(Float64Array.of(x).buffer)];

describe('toSafetensors', () => {
  test('writes the length, the padded header and the elements, wide dtypes first, then by name', () => {
    const file = toSafetensors(
      {
        b: array([1, -2], { dtype: 'int32' }),
        mask: array([true, false]),
        a: array([[0.5]]),
        d: array(3, { dtype: 'float64' }),
        u: array([0xdeadbeef], { dtype: 'uint32' }),
      },
      { z: 'é', a: '"' },
    );
    const header =
      '{"__metadata__":{"a":"\\"","z":"é"},' +
      '"d":{"dtype":"F64","shape":[],"data_offsets":[0,8]},' +
      '"a":{"dtype":"F32","shape":[1,1],"data_offsets":[8,12]},' +
      '"b":{"dtype":"I32","shape":[2],"data_offsets":[12,20]},' +
      '"u":{"dtype":"U32","shape":[1],"data_offsets":[20,24]},' +
      '"mask":{"dtype":"BOOL","shape":[2],"data_offsets":[24,26]}}';
    const length = new TextEncoder().encode(header).length;
    const padded = header + ' '.repeat((8 - (length % 8)) % 8);
    const data = [...doubled(3), 0, 0, 0, 0x3f, 1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0xef, 0xbe, 0xad, 0xde, 1, 0];
    expect([...file]).toEqual([...fileOf(padded, data)]);
  });

  test('nothing is a file too', () => {
    expect([...toSafetensors({})]).toEqual([...fileOf('{}      ')]);
    expect(fromSafetensors(toSafetensors({}))).toEqual({ tensors: {}, metadata: {} });
  });

  test('every element is aligned to its size, and the order of the keys does not matter', () => {
    const arrays = fc.dictionary(
      fc.string({ maxLength: 5 }).filter((s) => s !== '__proto__'),
      fc.tuple(fc.constantFrom('float32', 'float64', 'int32', 'uint32', 'bool'), fc.nat(3)),
    );
    fc.assert(
      fc.property(arrays, (record) => {
        const entries = Object.entries(record).map(([name, [dtype, n]]) => [name, zeros([n], { dtype })] as const);
        const file = toSafetensors(Object.fromEntries(entries));
        expect(toSafetensors(Object.fromEntries(entries.toReversed()))).toEqual(file);
        const length = Number(new DataView(file.buffer).getBigUint64(0, true));
        expect(length % 8).toBe(0);
        const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as Record<
          string,
          { dtype: string; data_offsets: [number, number] }
        >;
        for (const { dtype, data_offsets } of Object.values(header)) {
          expect(data_offsets[0] % (dtype === 'BOOL' ? 1 : Number(dtype.slice(1)) / 8)).toBe(0);
        }
      }),
    );
  });

  test('every bit survives, NaN payloads included', () => {
    const words = fc.array(fc.nat(2 ** 32 - 1), { maxLength: 12 });
    fc.assert(
      fc.property(
        words,
        words,
        fc.array(fc.boolean(), { maxLength: 5 }),
        fc.dictionary(fc.string(), fc.string()),
        (w, v, flags, notes) => {
          const bits = Uint32Array.from(w);
          const wide = new Float64Array(Uint32Array.from([...v, ...v]).buffer);
          const tensors = {
            u: array(bits),
            f: array([]),
            i: array(new Int32Array(bits.buffer)),
            m: array(Uint8Array.from(flags, Number), { dtype: 'bool' }),
          };
          const { __proto__: _, ...metadata } = notes as Record<string, string>;
          const back = fromSafetensors(toSafetensors(tensors, metadata));
          expect(Object.keys(back.tensors).sort()).toEqual(Object.keys(tensors).sort());
          for (const [name, x] of Object.entries(tensors))
            expect(bytesOf(back.tensors[name] as NDArray)).toEqual(bytesOf(x));
          expect(back.metadata).toEqual(metadata);
          // Signalling NaNs would not survive array(...), so the floats come from a file.
          const floats = fileOf(
            `{"a":{"dtype":"F64","shape":[${wide.length}],"data_offsets":[0,${wide.byteLength}]},` +
              `"b":{"dtype":"F32","shape":[${bits.length},1],"data_offsets":[${wide.byteLength},${wide.byteLength + bits.byteLength}]}}`,
            [...new Uint8Array(wide.buffer), ...new Uint8Array(bits.buffer)],
          );
          const again = fromSafetensors(toSafetensors(fromSafetensors(floats).tensors)).tensors;
          expect(bytesOf(again.a as NDArray)).toEqual({
            type: `float64[${wide.length}]`,
            bytes: [...new Uint8Array(wide.buffer)],
          });
          expect(bytesOf(again.b as NDArray)).toEqual({
            type: `float32[${bits.length},1]`,
            bytes: [...new Uint8Array(bits.buffer)],
          });
        },
      ),
    );
  });

  test('errors', () => {
    expect(() => toSafetensors({ a: 3 as never })).toThrow(
      'io.toSafetensors: expected tensor "a" to be an array, got number; make one with array(...), or use io.save for trees',
    );
    expect(() => toSafetensors({ a: null as never })).toThrow('got null');
    expect(() => toSafetensors({ __metadata__: array(1) })).toThrow(
      'io.toSafetensors: the tensor name __metadata__ is reserved; choose another',
    );
    expect(() => toSafetensors(Object.fromEntries([['__proto__', array(1)]]))).toThrow('__proto__ is reserved');
    expect(() => toSafetensors({ '\ud800': array(1) })).toThrow(
      'io.toSafetensors: the tensor name "\\ud800" has an unpaired surrogate, which UTF-8 cannot hold',
    );
    expect(() => toSafetensors({}, { a: 1 as never })).toThrow(
      'io.toSafetensors: expected metadata "a" to be a string, got number',
    );
    expect(() => toSafetensors({}, { a: 'x\udfff' })).toThrow('metadata "a" has an unpaired surrogate');
    expect(() => jit((x: NDArray) => toSafetensors({ x }) as never)(array(1))).toThrow(
      'io.toSafetensors: the numbers of',
    );
  });
});

describe('fromSafetensors', () => {
  // Written by safetensors 0.8.0 for Python.
  const python =
    'EAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJieSI6InB5dGhvbiJ9LCJsb25nIjp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZX' +
    'RzIjpbMCwxNl19LCJzY2FsYXIiOnsiZHR5cGUiOiJGNjQiLCJzaGFwZSI6W10sImRhdGFfb2Zmc2V0cyI6WzE2LDI0XX0sImhhbGYiOnsiZHR5cGUi' +
    'OiJGMTYiLCJzaGFwZSI6WzIsMl0sImRhdGFfb2Zmc2V0cyI6WzI0LDMyXX0sIm1hc2siOnsiZHR5cGUiOiJCT09MIiwic2hhcGUiOlsyXSwiZGF0YV' +
    '9vZmZzZXRzIjpbMzIsMzRdfX0gICAgIAAAAID/////BwAAAAAAAAAAAAAAAAAKQAA+AIAAfAEAAQA=';

  test('a file from Python', () => {
    const { tensors, metadata } = fromSafetensors(Uint8Array.from(atob(python), (c) => c.charCodeAt(0)));
    expect(metadata).toEqual({ by: 'python' });
    const shown = Object.fromEntries(Object.entries(tensors).map(([name, x]) => [name, [x.dtype, x.toJS()]]));
    expect(shown).toEqual({
      long: ['int32', [-(2 ** 31), 7]],
      scalar: ['float64', 3.25],
      half: [
        'float32',
        [
          [1.5, -0],
          [Number.POSITIVE_INFINITY, 2 ** -24],
        ],
      ],
      mask: ['bool', [true, false]],
    });
  });

  test('takes an ArrayBuffer and a part of one, and owns what it returns', () => {
    const file = toSafetensors({ a: array([1, 2, 3]) });
    expect(fromSafetensors(file.buffer).tensors.a?.toJS()).toEqual([1, 2, 3]);
    const shifted = new Uint8Array(file.length + 3);
    shifted.set(file, 3);
    const { a } = fromSafetensors(shifted.subarray(3)).tensors;
    shifted.fill(0);
    expect(a?.toJS()).toEqual([1, 2, 3]);
  });

  test('tensors in any order, at any alignment', () => {
    const file = fileOf(
      '{"late":{"dtype":"F32","shape":[1],"data_offsets":[1,5]},"early":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
      [9, 0, 0, 0x80, 0x3f],
    );
    const { tensors } = fromSafetensors(file);
    expect(tensors.late?.toJS()).toEqual([1]);
    expect(tensors.early?.toJS()).toEqual([9]);
  });
});
