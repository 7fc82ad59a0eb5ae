import { ForbackError } from '@forback/core';

/** The SHA-256 digest of the bytes in hexadecimal. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined) {
    throw new ForbackError(
      'sha256: expected Web Crypto to verify a download, but this page is not a secure context; serve it over https or from localhost',
    );
  }
  const digest = await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
