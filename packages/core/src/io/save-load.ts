import { FormatError } from '../errors';
import { checkBytes, readTensors } from './decode';
import { duplicateKey } from './duplicate-key';
import { putTogether, takeApart } from './manifest';
import { writeTensors } from './safetensors';

/** The metadata entry that holds the manifest. */
const manifestName = 'forback';
const version = 1;

/**
 * A tree as bytes: parameters, optimiser state, random keys, settings. The file is an ordinary safetensors file whose
 * tensors are named by their paths (`layers.0.weight`); the structure and the other leaves are in its metadata.
 *
 * Leaves are arrays of every dtype, numbers, strings, booleans, null and undefined; they may sit in plain objects and lists.
 * Every bit is kept: NaN with its payload, infinities, −0, empty arrays and empty containers; numbers stay numbers. The same
 * tree gives the same bytes. Keys are sorted, so that loaded objects list them in that order.
 *
 * @throws TreeError for anything else in the tree; ConcretizationError inside jit and vmap.
 */
export function save(tree: unknown): Uint8Array<ArrayBuffer> {
  return encodeTree('io.save', tree);
}

/**
 * The tree that `save` made the bytes of. It is not compared with T: check what comes from elsewhere.
 *
 * @throws FormatError for other bytes: truncated, foreign, or safetensors without a tree (those are for `fromSafetensors`).
 */
export function load<T = unknown>(bytes: Uint8Array | ArrayBuffer): T {
  return decodeTree('io.load', bytes) as T;
}

/** @internal `save` that names the caller in errors. */
export function encodeTree(where: string, tree: unknown): Uint8Array<ArrayBuffer> {
  const { node, tensors } = takeApart(where, tree);
  return writeTensors(where, tensors, { [manifestName]: JSON.stringify({ version, tree: node }) });
}

/** @internal `load` that names the caller in errors. */
export function decodeTree(where: string, bytes: Uint8Array | ArrayBuffer): unknown {
  const { tensors, metadata } = readTensors(where, checkBytes(where, bytes));
  const text = metadata[manifestName];
  if (text === undefined) {
    throw new FormatError(
      `${where}: a safetensors file, but not one of io.save; read its arrays with io.fromSafetensors`,
    );
  }
  return putTogether(where, readManifest(where, text), tensors);
}

function readManifest(where: string, text: string): unknown {
  const refuse = (reason: string) => new FormatError(`${where}: the manifest of the file is damaged: ${reason}`);
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    throw refuse(`it is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  const twice = duplicateKey(text);
  if (twice !== null) throw refuse(`it has the key ${JSON.stringify(twice)} twice`);
  if (typeof manifest !== 'object' || manifest === null || !('version' in manifest) || !('tree' in manifest)) {
    throw refuse('it has no version or no tree');
  }
  if (manifest.version !== version) {
    throw new FormatError(
      `${where}: the file has the tree format ${String(manifest.version)}, and this version of forback reads ${version}; ` +
        'update @forback/core',
    );
  }
  return manifest.tree;
}
