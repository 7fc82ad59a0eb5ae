import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from '../commands/perf';
import type { Experiment, Row } from './row';

/** The rows of one package: what a file of the rows folder has as its default export. */
export interface PackageRows {
  /** The package's folder name, which is the file's name. */
  readonly name: string;
  readonly file: string;
  readonly rows: readonly Row[];
}

/** Reads one file of rows. */
export async function loadRowsFile(file: string): Promise<readonly Row[]> {
  const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { default?: unknown };
  if (!Array.isArray(module.default)) throw new TypeError(`${file}: expected an array of rows as the default export`);
  const rows = module.default as Row[];
  checkNames(file, rows);
  return rows;
}

/** `only` is `<package>` or `<package>/<row>`; undefined means all. */
export async function loadRows(folder: string, only: string | undefined): Promise<PackageRows[]> {
  const names = (await readdir(folder))
    .filter((file) => /^[a-z0-9-]+\.ts$/.test(file))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();
  const [wanted, row] = splitName(only);
  if (wanted !== undefined && !names.includes(wanted))
    throw new UsageError(`No rows for a package "${wanted}". There are: ${names.join(', ')}.`);
  const packages: PackageRows[] = [];
  for (const name of wanted === undefined ? names : [wanted]) {
    const file = join(folder, `${name}.ts`);
    const rows = await loadRowsFile(file);
    const chosen = row === undefined ? rows : rows.filter((r) => r.name === row);
    if (chosen.length === 0)
      throw new UsageError(`${name} has no row "${row}". There are:\n${rows.map((r) => `  ${r.name}`).join('\n')}`);
    packages.push({ name, file, rows: chosen });
  }
  return packages;
}

function splitName(only: string | undefined): [string | undefined, string | undefined] {
  if (only === undefined) return [undefined, undefined];
  const slash = only.indexOf('/');
  return slash < 0 ? [only, undefined] : [only.slice(0, slash), only.slice(slash + 1)];
}

/** The experiments that rows look at, each once. */
export function experimentsOf(rows: readonly Row[]): Experiment[] {
  return [...new Set(rows.flatMap((row) => Object.values(row.from)))];
}

/** @throws TypeError for a name that is not usable, or used twice. */
export function checkNames(file: string, rows: readonly Row[]): void {
  for (const [kind, all] of [
    ['row', rows],
    ['experiment', experimentsOf(rows)],
  ] as const) {
    const seen = new Set<string>();
    for (const { name } of all) {
      if (!/^[a-z0-9][a-z0-9.-]*$/.test(name))
        throw new TypeError(`${file}: expected the name of a ${kind} in lower case with dashes, got "${name}"`);
      if (seen.has(name)) throw new TypeError(`${file}: two ${kind}s are named "${name}"`);
      seen.add(name);
    }
  }
}
