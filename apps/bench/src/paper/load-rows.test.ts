import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkNames, loadRows } from './load-rows';
import { experiment, row } from './row';
import { reportOnly } from './rule';

const budget = { settings: 1, seeds: 1, seconds: 1, memory: 1 };
const named = (name: string) => experiment({ name, full: budget, quick: null, run: async () => 1 });
const rowNamed = (name: string, of = named(`${name}-experiment`)) =>
  row({
    name,
    claim: '',
    published: null,
    source: '',
    unit: '',
    better: 'lower',
    from: { of },
    value: (results) => results.of,
    rule: reportOnly(),
  });

test('names are unique, and usable on a command line', () => {
  const shared = named('shared');
  expect(() => checkNames('f', [rowNamed('a', shared), rowNamed('b', shared)])).not.toThrow();
  expect(() => checkNames('f', [rowNamed('a'), rowNamed('a', shared)])).toThrow(/f: two rows are named "a"/);
  expect(() => checkNames('f', [rowNamed('a', shared), rowNamed('b', named('shared'))])).toThrow(
    /f: two experiments are named "shared"/,
  );
  expect(() => checkNames('f', [rowNamed('A row')])).toThrow(
    /the name of a row in lower case with dashes, got "A row"/,
  );
});

// Names, claims and rules of every package, without running anything.
test('the rows of every package can be loaded', { timeout: 30_000 }, async () => {
  const packages = await loadRows(join(import.meta.dirname, 'rows'), undefined);
  expect(packages.map((p) => p.name)).toContain('forward-forward');
  for (const { rows } of packages) {
    for (const { claim, source, unit } of rows) expect([claim, source, unit]).not.toContain('');
  }
});
