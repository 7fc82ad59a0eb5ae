const signatures: readonly (readonly [name: string, bytes: readonly number[]])[] = [
  ['a NumPy .npy file', [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]],
  ['a ZIP archive (such as .npz or PyTorch .pt)', [0x50, 0x4b, 0x03, 0x04]],
  ['a Python pickle', [0x80, 0x02]],
  ['a Python pickle', [0x80, 0x04, 0x95]],
  ['an HDF5 file', [0x89, 0x48, 0x44, 0x46]],
  ['a GGUF file', [0x47, 0x47, 0x55, 0x46]],
  ['a PNG picture', [0x89, 0x50, 0x4e, 0x47]],
  ['a JPEG picture', [0xff, 0xd8, 0xff]],
  ['gzip data', [0x1f, 0x8b, 0x08]],
];

/** What bytes that are no safetensors file seem to be; null if that is not known. */
export function recogniseForeign(bytes: Uint8Array): string | null {
  const known = signatures.find(([, signature]) => signature.every((b, i) => bytes[i] === b));
  if (known) return known[0];
  const start = bytes.subarray(0, 64);
  const isText =
    start.length > 0 && start.every((b) => (b >= 0x20 && b < 0x7f) || b === 0x0a || b === 0x0d || b === 0x09);
  if (!isText) return null;
  return /^\s*[[{]/.test(String.fromCharCode(...start)) ? 'JSON text' : 'text';
}
