import { bytesPerElement, type DType, type TypedArray } from '../array/dtype';
import { inFileOrder } from './byte-order';

/** What safetensors calls the dtypes that arrays here have. */
export const fileTypes = { float32: 'F32', float64: 'F64', int32: 'I32', uint32: 'U32', bool: 'BOOL' } as const;

/** An element type of a file, and how its elements become those of an array. */
export interface ElementType {
  /** Bytes of an element. */
  readonly size: number;
  readonly dtype: DType;
  /** Takes ownership of the bytes. A string says what is wrong with them. */
  readonly decode: (bytes: Uint8Array<ArrayBuffer>) => TypedArray | string;
}

export const elementTypes: ReadonlyMap<string, ElementType> = new Map([
  ['F64', sameBytes('float64', (buffer) => new Float64Array(buffer))],
  ['F32', sameBytes('float32', (buffer) => new Float32Array(buffer))],
  ['I32', sameBytes('int32', (buffer) => new Int32Array(buffer))],
  ['U32', sameBytes('uint32', (buffer) => new Uint32Array(buffer))],
  ['BOOL', { size: 1, dtype: 'bool', decode: checkBooleans }],
  ['F16', widened((half) => singleFromHalf(half))],
  ['BF16', widened((upper) => upper << 16)],
  ['U8', whole(1, (view, at) => view.getUint8(at))],
  ['I8', whole(1, (view, at) => view.getInt8(at))],
  ['U16', whole(2, (view, at) => view.getUint16(at, true))],
  ['I16', whole(2, (view, at) => view.getInt16(at, true))],
  ['U64', whole(8, (view, at) => view.getBigUint64(at, true))],
  ['I64', whole(8, (view, at) => view.getBigInt64(at, true))],
]);

/** The elements as the file stores them. */
export function encode(data: TypedArray): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return inFileOrder(bytes, data.BYTES_PER_ELEMENT);
}

/** Copying bytes keeps the payload of NaN, which numbers lose. */
function sameBytes(dtype: DType, view: (buffer: ArrayBuffer) => TypedArray): ElementType {
  const size = bytesPerElement(dtype);
  return { size, dtype, decode: (bytes) => view(inFileOrder(bytes, size).buffer) };
}

function checkBooleans(bytes: Uint8Array): TypedArray | string {
  const bad = bytes.findIndex((b) => b > 1);
  return bad < 0 ? bytes : `is BOOL, but element ${bad} is the byte ${bytes[bad]}`;
}

/** 16-bit floats, of which every one is also a float32. */
function widened(bitsOf: (bits: number) => number): ElementType {
  return {
    size: 2,
    dtype: 'float32',
    decode(bytes) {
      const view = new DataView(bytes.buffer);
      return new Float32Array(
        Uint32Array.from({ length: bytes.length / 2 }, (_, i) => bitsOf(view.getUint16(2 * i, true))).buffer,
      );
    },
  };
}

/** IEEE 754 binary16 to binary32, as bits; the payload of NaN moves along. */
function singleFromHalf(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

function whole(size: number, read: (view: DataView, at: number) => number | bigint): ElementType {
  return {
    size,
    dtype: 'int32',
    decode(bytes) {
      const view = new DataView(bytes.buffer);
      const data = new Int32Array(bytes.length / size);
      for (let i = 0; i < data.length; i++) {
        const value = read(view, i * size);
        data[i] = Number(value);
        if (BigInt(data[i] as number) !== BigInt(value))
          return `has the element ${value} (at ${i}), which does not fit in int32`;
      }
      return data;
    },
  };
}
