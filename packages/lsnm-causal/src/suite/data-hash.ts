/** Eight hexadecimal digits of the bits of both variables (FNV-1a over 32-bit words). Exchanging them gives others. */
export function dataHash(x: Float64Array, y: Float64Array): string {
  let hash = 0x811c9dc5;
  for (const column of [x, y]) {
    for (const word of new Uint32Array(Float64Array.from(column).buffer)) hash = Math.imul(hash ^ word, 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
