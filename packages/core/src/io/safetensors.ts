import { bytesPerElement } from '../array/dtype';
import { NDArray } from '../array/ndarray';
import { ArgumentError } from '../errors';
import { checkBytes, readTensors } from './decode';
import { encode, fileTypes } from './element-types';

/** What a safetensors file contains. */
export interface Safetensors {
  /** Arrays by name. */
  tensors: Record<string, NDArray>;
  /** Texts by name: the header's `__metadata__`. */
  metadata: Record<string, string>;
}

/**
 * Arrays with names as the bytes of a safetensors file: 8 bytes with the length of the header, the header in JSON, and the
 * elements of all arrays, little-endian. The same arrays give the same bytes. Elements are aligned to their size (8 bytes at
 * most): wide dtypes come first, and within a dtype's size names are sorted.
 *
 * Python reads it with `safetensors.numpy.load`. To keep the structure of a tree, use `save`.
 *
 * Source: github.com/huggingface/safetensors, section "Format".
 *
 * @param tensors float32, float64, int32, uint32 and bool are F32, F64, I32, U32 and BOOL in the file.
 * @throws ArgumentError for values that are not arrays, metadata that are not strings, and names that the format cannot
 * hold (`__metadata__`, `__proto__`, unpaired surrogates).
 */
export function toSafetensors(
  tensors: Readonly<Record<string, NDArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  return writeTensors('io.toSafetensors', Object.entries(tensors), metadata);
}

/**
 * The arrays and metadata of a safetensors file, for instance one from Python. Its whole content is checked before
 * anything is returned.
 *
 * F32, F64, I32, U32 and BOOL keep every bit. F16 and BF16 become float32, and U8, I8, U16, I16, U64 and I64 int32: exactly,
 * or not at all. The arrays own copies of their elements.
 *
 * @throws FormatError for bytes that are not such a file (truncated, foreign, inconsistent), for other element types, and
 * for 64-bit integers that do not fit in int32.
 */
export function fromSafetensors(bytes: Uint8Array | ArrayBuffer): Safetensors {
  return readTensors('io.fromSafetensors', checkBytes('io.fromSafetensors', bytes));
}

/** @internal `toSafetensors` that names the caller in errors. */
export function writeTensors(
  where: string,
  entries: readonly (readonly [name: string, tensor: NDArray])[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  for (const [name, tensor] of entries) checkTensor(where, name, tensor);
  const sorted = entries.toSorted(
    ([a, x], [b, y]) => bytesPerElement(y.dtype) - bytesPerElement(x.dtype) || (a < b ? -1 : 1),
  );
  let end = 0;
  const parts = sorted.map(([name, tensor]) => {
    const bytes = encode(tensor.elements(where));
    const start = end;
    end += bytes.length;
    return {
      name,
      bytes,
      start,
      info: { dtype: fileTypes[tensor.dtype], shape: tensor.shape, data_offsets: [start, end] },
    };
  });
  const fields = parts.map(({ name, info }) => `${JSON.stringify(name)}:${JSON.stringify(info)}`);
  const notes = metadataFields(where, metadata);
  if (notes.length > 0) fields.unshift(`"__metadata__":{${notes.join(',')}}`);
  const header = new TextEncoder().encode(`{${fields.join(',')}}`);
  const dataAt = 8 + Math.ceil(header.length / 8) * 8;
  const file = new Uint8Array(dataAt + end);
  file.fill(0x20, 8, dataAt);
  new DataView(file.buffer).setBigUint64(0, BigInt(dataAt - 8), true);
  file.set(header, 8);
  for (const { bytes, start } of parts) file.set(bytes, dataAt + start);
  return file;
}

function checkTensor(where: string, name: string, tensor: unknown): void {
  checkName(where, 'tensor', name);
  if (tensor instanceof NDArray) return;
  throw new ArgumentError(
    `${where}: expected tensor ${JSON.stringify(name)} to be an array, got ${tensor === null ? 'null' : typeof tensor}; ` +
      'make one with array(...), or use io.save for trees',
  );
}

function metadataFields(where: string, metadata: Readonly<Record<string, string>>): string[] {
  return Object.keys(metadata)
    .sort()
    .map((name) => {
      const text: unknown = metadata[name];
      checkName(where, 'metadata', name);
      if (typeof text !== 'string') {
        throw new ArgumentError(
          `${where}: expected metadata ${JSON.stringify(name)} to be a string, got ${typeof text}`,
        );
      }
      checkPaired(where, `metadata ${JSON.stringify(name)}`, text);
      return `${JSON.stringify(name)}:${JSON.stringify(text)}`;
    });
}

function checkName(where: string, kind: string, name: string): void {
  if (name === '__metadata__' || name === '__proto__') {
    throw new ArgumentError(`${where}: the ${kind} name ${name} is reserved; choose another`);
  }
  checkPaired(where, `the ${kind} name ${JSON.stringify(name)}`, name);
}

function checkPaired(where: string, what: string, text: string): void {
  if (!/\p{Surrogate}/u.test(text)) return;
  throw new ArgumentError(`${where}: ${what} has an unpaired surrogate, which UTF-8 cannot hold`);
}
