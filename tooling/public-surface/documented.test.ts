import { existsSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

const entries = readdirSync(join(root, 'packages'))
  .map((name) => join(root, 'packages', name, 'src', 'index.ts'))
  .filter((file) => existsSync(file));

/** Names of exported symbols without a docstring, namespaces included. */
function undocumented(): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root);
  const program = ts.createProgram(entries, options);
  const checker = program.getTypeChecker();
  const missing: string[] = [];
  const hasText = (symbol: ts.Symbol) => symbol.getDocumentationComment(checker).length > 0;
  /** A record of settings speaks for itself where each of them has a sentence. */
  const isDocumented = (symbol: ts.Symbol): boolean => {
    if (hasText(symbol)) return true;
    const members = symbol.flags & ts.SymbolFlags.Interface ? [...(symbol.members?.values() ?? [])] : [];
    return members.length > 0 && members.every(hasText);
  };
  const visit = (module: ts.Symbol, prefix: string): void => {
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const name = `${prefix}${exported.name}`;
      const isNamespace = (symbol.flags & ts.SymbolFlags.ValueModule) !== 0;
      if (isNamespace) visit(symbol, `${name}.`);
      else if (!isDocumented(symbol)) missing.push(name);
    }
  };
  for (const entry of entries) {
    const file = program.getSourceFile(entry);
    const module = file && checker.getSymbolAtLocation(file);
    // A package without exports has no module symbol.
    if (module) visit(module, `${relative(join(root, 'packages'), entry).split('/')[0]}: `);
  }
  return missing;
}

test('every public symbol has a docstring', { timeout: 60_000 }, () => {
  expect(undocumented()).toEqual([]);
});
