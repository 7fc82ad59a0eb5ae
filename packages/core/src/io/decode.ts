import { NDArray } from '../array/ndarray';
import { type Shape, showShape } from '../array/shape';
import { ArgumentError, FormatError } from '../errors';
import { duplicateKey } from './duplicate-key';
import { type ElementType, elementTypes } from './element-types';
import { recogniseForeign } from './foreign-format';
import type { Safetensors } from './safetensors';

/** The format's own limit, against files that claim to be mostly header. */
const longestHeader = 100_000_000;

export function checkBytes(where: string, bytes: unknown): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes;
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  throw new ArgumentError(
    `${where}: expected the bytes of a file (Uint8Array or ArrayBuffer), got ${bytes === null ? 'null' : typeof bytes}`,
  );
}

/** A tensor as the header describes it, checked. */
interface Entry {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
  readonly start: number;
  readonly end: number;
}

export function readTensors(where: string, bytes: Uint8Array): Safetensors {
  const { header, dataAt } = readHeader(where, bytes);
  const entries = Object.entries(header).filter(([name]) => name !== '__metadata__');
  const checked = entries.map(([name, info]) => checkEntry(where, name, info));
  const metadata = checkMetadata(where, header.__metadata__);
  checkCoverage(where, checked, bytes.length - dataAt);
  const tensors = checked.map(({ name, type, shape, start, end }) => {
    const data = type.decode(new Uint8Array(bytes.subarray(dataAt + start, dataAt + end)));
    if (typeof data === 'string') throw invalid(where, `tensor ${JSON.stringify(name)} ${data}`);
    return [name, NDArray.fromStorage(data, { shape, dtype: type.dtype })] as const;
  });
  return { tensors: Object.fromEntries(tensors), metadata };
}

function readHeader(where: string, bytes: Uint8Array): { header: Record<string, unknown>; dataAt: number } {
  const refuse = (reason: string): FormatError => {
    const kind = recogniseForeign(bytes);
    return new FormatError(`${where}: not a safetensors file${kind === null ? '' : ` but ${kind}`}: ${reason}`);
  };
  if (bytes.length < 8) throw refuse(`it has ${bytes.length} bytes, and the length of the header alone takes 8`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  const rest = bytes.length - 8;
  if (length > longestHeader) {
    throw refuse(`its first 8 bytes say that the header has ${length} bytes; at most ${longestHeader} are allowed`);
  }
  if (length > rest) {
    throw refuse(
      `its first 8 bytes say that the header has ${length} bytes, but only ${rest} follow; it may be truncated`,
    );
  }
  const dataAt = 8 + Number(length);
  const header = parseJson(bytes.subarray(8, dataAt), refuse);
  return { header, dataAt };
}

function parseJson(bytes: Uint8Array, refuse: (reason: string) => FormatError): Record<string, unknown> {
  if (bytes[0] !== 0x7b) throw refuse('its header does not start with {');
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (error) {
    throw refuse(`its header is not JSON in UTF-8 (${error instanceof Error ? error.message : String(error)})`);
  }
  const twice = duplicateKey(text);
  if (twice !== null) throw refuse(`its header has the name ${JSON.stringify(twice)} twice`);
  return value as Record<string, unknown>;
}

function invalid(where: string, reason: string): FormatError {
  return new FormatError(`${where}: not a valid safetensors file: ${reason}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function checkMetadata(where: string, value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value)) throw invalid(where, '__metadata__ is not an object');
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw invalid(where, `metadata ${JSON.stringify(name)} is not a string`);
    checkName(where, name);
  }
  return value as Record<string, string>;
}

function checkName(where: string, name: string): void {
  if (name === '__proto__') throw invalid(where, 'the name __proto__ is not allowed');
}

function checkEntry(where: string, name: string, info: unknown): Entry {
  checkName(where, name);
  const refuse = (reason: string) => invalid(where, `tensor ${JSON.stringify(name)} ${reason}`);
  if (!isRecord(info)) throw refuse('is not described by an object');
  const { dtype, shape, data_offsets: offsets, ...others } = info;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw refuse(`has an unknown field ${JSON.stringify(unknown)}`);
  const type = typeof dtype === 'string' ? elementTypes.get(dtype) : undefined;
  if (type === undefined) {
    throw refuse(`has the dtype ${JSON.stringify(dtype)}; known here are ${[...elementTypes.keys()].join(', ')}`);
  }
  if (!Array.isArray(shape) || !shape.every(isSize))
    throw refuse(`has no shape of whole numbers: ${JSON.stringify(shape)}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw refuse(`has no two data_offsets: ${JSON.stringify(offsets)}`);
  }
  const [start, end] = offsets as [number, number];
  if (start > end) throw refuse(`ends at ${end} before it starts at ${start}`);
  const needed = shape.reduce((product: bigint, n: number) => product * BigInt(n), BigInt(type.size));
  if (needed !== BigInt(end - start)) {
    throw refuse(`has ${end - start} bytes, but ${dtype as string}${showShape(shape)} takes ${needed}`);
  }
  return { name, type, shape, start, end };
}

/** Tensors follow each other without gaps and overlaps, from the first byte to the last. */
function checkCoverage(where: string, entries: readonly Entry[], dataLength: number): void {
  let at = 0;
  let previous = '';
  for (const { name, start, end } of entries.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    const quoted = JSON.stringify(name);
    if (start < at) throw invalid(where, `tensor ${quoted} overlaps tensor ${previous}`);
    if (start > at)
      throw invalid(where, `no tensor has the bytes from ${at} to ${start}, in front of tensor ${quoted}`);
    if (end > dataLength) {
      throw invalid(
        where,
        `tensor ${quoted} takes the bytes from ${start} to ${end}, but only ${dataLength} follow the header; it may be truncated`,
      );
    }
    at = end;
    previous = quoted;
  }
  if (at < dataLength) throw invalid(where, `${dataLength - at} bytes behind the last tensor belong to none`);
}
