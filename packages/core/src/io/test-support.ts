import type { NDArray } from '../array/ndarray';

/** A safetensors file written by hand: the length of the header, the header, the data. */
export function fileOf(header: string, data: Iterable<number> = []): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array([...new Array<number>(8).fill(0), ...text, ...data]);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  return bytes;
}

/** Type and bytes of an array. */
export function bytesOf(x: NDArray): { type: string; bytes: number[] } {
  const data = x.dataSync();
  return {
    type: `${x.dtype}[${x.shape.join()}]`,
    bytes: [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
  };
}
