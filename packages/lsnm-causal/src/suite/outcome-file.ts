import { ArgumentError, FormatError } from '@forback/core';
import type { DirectionOptions } from '../options';
import type { PairOutcome } from './pair-outcome';
import { toPortable } from './portable-options';

/** Outcomes on disk. */
export interface OutcomeFile {
  /** Those that were there. */
  readonly outcomes: readonly PairOutcome[];
  /** Keeps another. The file is replaced as a whole, so that it is never half a line. */
  add(outcome: PairOutcome): Promise<void>;
}

const format = 'forback cause-effect outcomes 1';

/**
 * Opens a file of JSON lines: the first has the options, each other an outcome. Numbers that are not finite are text.
 *
 * @throws ArgumentError outside Node; FormatError for a file of something else, or of other options.
 */
export async function openOutcomeFile(
  where: string,
  path: string,
  options: DirectionOptions,
  bootstrap: number,
): Promise<OutcomeFile> {
  const fs = globalThis.process?.getBuiltinModule?.('node:fs/promises');
  if (fs === undefined)
    throw new ArgumentError(
      `${where}: expected no file here, where there are none; keep outcomes from onProgress, and give them to resume`,
    );
  const head = JSON.stringify({ format, bootstrap, options: toPortable(options) });
  const lines = (await fs.readFile(path, 'utf8').catch(absent)).split('\n').filter((line) => line !== '');
  const [found, ...rest] = lines;
  if (found !== undefined && found !== head) throw new FormatError(`${where}: ${difference(path, found, head)}`);
  const outcomes = rest.flatMap((line) => parseOutcome(line) ?? []);
  const kept = [head, ...outcomes.map(formatOutcome)];
  let writing = Promise.resolve();
  return {
    outcomes,
    add(outcome) {
      kept.push(formatOutcome(outcome));
      writing = writing.then(async () => {
        await fs.writeFile(`${path}.tmp`, `${kept.join('\n')}\n`);
        await fs.rename(`${path}.tmp`, path);
      });
      return writing;
    },
  };
}

function absent(error: unknown): string {
  if ((error as { code?: string }).code === 'ENOENT') return '';
  throw error;
}

function difference(path: string, found: string, head: string): string {
  const parsed = parse(found) as { format?: unknown } | undefined;
  if (parsed?.format !== format)
    return `expected ${path} to be a file of outcomes, got something else; give another path`;
  return (
    `expected ${path} to be of a run with these options, ${head}, got ${found}; ` +
    'give another path, or delete the file'
  );
}

function formatOutcome(outcome: PairOutcome): string {
  return JSON.stringify(outcome, (_, value) =>
    typeof value === 'number' && !Number.isFinite(value) ? { number: String(value) } : value,
  );
}

/** Undefined for a line that is cut off. */
function parseOutcome(line: string): PairOutcome | undefined {
  const value = parse(line) as PairOutcome | undefined;
  return typeof value?.id === 'string' && typeof value.score === 'number' ? value : undefined;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line, (_, value) =>
      typeof value?.number === 'string' && Object.keys(value).length === 1 ? Number(value.number) : value,
    );
  } catch {
    return undefined;
  }
}
