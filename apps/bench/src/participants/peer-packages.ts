import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The folder in which `setup` installs the peers: a sibling of both `src` and `dist`. */
export const peersFolder = join(import.meta.dirname, ...peersFrom(import.meta.dirname));

function peersFrom(here: string): string[] {
  return /[\\/]src[\\/]participants$/.test(here) ? ['..', '..', 'peers'] : ['..', 'peers'];
}

interface Manifest {
  readonly version: string;
  readonly module?: string;
}

/** The manifest of an installed peer, or null. */
export function peerManifest(name: string): Manifest | null {
  try {
    return JSON.parse(readFileSync(join(peersFolder, 'node_modules', name, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return null;
  }
}

function installed(name: string): Manifest {
  const manifest = peerManifest(name);
  if (manifest === null) throw new Error(`${name} is not installed: run pnpm bench setup`);
  return manifest;
}

/** Loads a peer's ES module. Its types are what the caller needs of it. */
export async function importPeer<Api>(name: string): Promise<Api> {
  const { module = 'index.js' } = installed(name);
  return (await import(pathToFileURL(join(peersFolder, 'node_modules', name, module)).href)) as Api;
}

/** Loads a file of a peer as CommonJS. */
export function requirePeer<Api>(path: string): Api {
  return createRequire(join(peersFolder, 'package.json'))(path) as Api;
}

export function peerVersion(name: string): string {
  return installed(name).version;
}
