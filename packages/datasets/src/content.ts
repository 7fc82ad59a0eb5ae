import { FormatError } from '@forback/core';
import { gunzip, isGzip } from './gzip';
import { identify, type PublishedFile } from './published-files';
import { sha256 } from './sha256';

/**
 * The content of a published file from the bytes found at `where`, inflated if it is kept inflated, and verified:
 * the digest tells damaged files and files of another data set under the same name from the right ones.
 */
export async function verifiedContent(file: PublishedFile, bytes: Uint8Array, where: string): Promise<Uint8Array> {
  const content = file.inflated !== undefined && isGzip(bytes) ? await inflate(file, bytes, where) : bytes;
  if (file.sha256 === undefined) {
    if (content.length === file.bytes) return content;
    throw new FormatError(
      `${where}: expected ${file.bytes} bytes, got ${content.length}; the file is damaged or foreign`,
    );
  }
  const digest = await sha256(content);
  if (digest === file.sha256) return content;
  const known = identify(digest);
  const found =
    known === undefined
      ? `other content (${content.length} bytes, SHA-256 ${digest}): it is damaged or of another data set`
      : `${known}: the file is in the wrong folder or has the wrong name`;
  throw new FormatError(
    `${where}: expected the published ${file.name} (SHA-256 ${file.sha256}), got ${found}. ` +
      'Move it away to have the published one fetched; files of your own are read with parseIdx or parseCifar10.',
  );
}

async function inflate(file: PublishedFile, bytes: Uint8Array, where: string): Promise<Uint8Array> {
  try {
    return await gunzip(bytes, { maxBytes: file.inflated as number });
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new FormatError(`${where}: ${error.message}`, { cause: error });
  }
}
