import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readmeTable } from './command';
import { loadRows } from './load-rows';

const packages = (await loadRows(join(import.meta.dirname, 'rows'), undefined)).map(({ name }) => name);

test.each(packages)('the table of %s stands in its README as the published results give it', async (name) => {
  const readme = await readFile(
    join(import.meta.dirname, '..', '..', '..', '..', 'packages', name, 'README.md'),
    'utf8',
  );
  const table = await readmeTable(name);
  // Not the whole text in the message: `pnpm bench paper --readme <package>` writes it.
  expect(readme.includes(`<!-- results -->\n\n${table}\n<!-- /results -->`)).toBe(true);
});
