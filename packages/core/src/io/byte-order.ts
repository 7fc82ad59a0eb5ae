/** Bytes of elements in this machine's order, as little-endian ones, or the other way round. */
export function inFileOrder<B extends ArrayBufferLike>(
  bytes: Uint8Array<B>,
  elementSize: number,
): Uint8Array<B | ArrayBuffer> {
  const hostIsLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  return hostIsLittleEndian ? bytes : reversed(bytes, elementSize);
}

/** A copy with the bytes of each element reversed. */
export function reversed(bytes: Uint8Array, elementSize: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes);
  for (let i = 0; i < out.length; i += elementSize) out.subarray(i, i + elementSize).reverse();
  return out;
}
