/**
 * The arrays of an uncompressed NumPy archive (`numpy.savez`) by their names. Arrays of objects and of text are left out.
 *
 * @throws Error for a compressed archive, or one whose sizes stand behind the data.
 */
export function readNpz(bytes: Uint8Array): Map<string, number[]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));
  const arrays = new Map<string, number[]>();
  const localHeader = 0x04034b50;
  let at = 0;
  while (at + 30 <= bytes.length && view.getUint32(at, true) === localHeader) {
    const [flags, method] = [view.getUint16(at + 6, true), view.getUint16(at + 8, true)];
    const size = view.getUint32(at + 18, true);
    const nameEnd = at + 30 + view.getUint16(at + 26, true);
    const start = nameEnd + view.getUint16(at + 28, true);
    if (method !== 0 || (flags & 8) !== 0) throw new Error('readNpz: expected an uncompressed archive of known sizes');
    const values = readNpy(view, start, start + size, text);
    if (values !== null) arrays.set(text(at + 30, nameEnd).replace(/\.npy$/, ''), values);
    at = start + size;
  }
  return arrays;
}

type Reader = (view: DataView, at: number) => number;
const readers: Record<string, [bytes: number, read: Reader]> = {
  '<f4': [4, (view, at) => view.getFloat32(at, true)],
  '<f8': [8, (view, at) => view.getFloat64(at, true)],
  '|i1': [1, (view, at) => view.getInt8(at)],
  '<i4': [4, (view, at) => view.getInt32(at, true)],
  '<i8': [8, (view, at) => Number(view.getBigInt64(at, true))],
};

/** One array of the format's version 1, flat; null for types that are no numbers. */
function readNpy(view: DataView, start: number, end: number, text: (from: number, to: number) => string) {
  const data = start + 10 + view.getUint16(start + 8, true);
  const type = /'descr': '([^']+)'/.exec(text(start + 10, data))?.[1] ?? '';
  const reader = readers[type];
  if (reader === undefined) return null;
  const [bytes, read] = reader;
  return Array.from({ length: (end - data) / bytes }, (_, i) => read(view, data + i * bytes));
}
