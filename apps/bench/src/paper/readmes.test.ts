import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readmeTable } from './command';
import { loadRows } from './load-rows';
import { withResults } from './report/markdown';

const packages = (await loadRows(join(import.meta.dirname, 'rows'), undefined)).map(({ name }) => name);

test.each(packages)('the table of %s stands in its README as the published results give it', async (name) => {
  const file = join(import.meta.dirname, '..', '..', '..', '..', 'packages', name, 'README.md');
  const readme = await readFile(file, 'utf8');
  // Not the whole text in the message: `pnpm bench paper --readme <package>` writes it.
  expect(withResults(readme, await readmeTable(name), file) === readme).toBe(true);
});
