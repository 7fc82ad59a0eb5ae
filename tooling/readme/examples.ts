import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Plugin } from 'vitest/config';

const root = resolve(import.meta.dirname, '../..');

/** A block of TypeScript in a README, as a module that Vite can load. */
export interface ReadmeExample {
  /** `packages/core/README.md, example 1`. */
  name: string;
  /** Module to import. */
  id: string;
  code: string;
  /** What the lines that end in `// → ...` say the example prints, in order. */
  prints: string[];
}

/** Every `ts` block of the README files of the repository and its packages. */
export function readmeExamples(): ReadmeExample[] {
  const folders = [
    root,
    ...['packages', 'apps'].flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name))),
  ];
  return folders
    .map((folder) => join(folder, 'README.md'))
    .filter((file) => existsSync(file))
    .flatMap((file) => {
      const blocks = [...readFileSync(file, 'utf8').matchAll(/^```ts\n([\s\S]*?)^```$/gm)];
      return blocks.map(([, code = ''], i) => ({
        name: `${relative(root, file)}, example ${i + 1}`,
        id: `${file.slice(0, -'.md'.length)}.example-${i + 1}.ts`,
        code,
        prints: [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text = '']) => text.trim()),
      }));
    });
}

/** Lets tests import the examples; `@forback/...` means the sources. */
export function readmePlugin(): Plugin {
  const examples = new Map(readmeExamples().map((e) => [e.id, e]));
  return {
    name: 'readme-examples',
    enforce: 'pre',
    resolveId(source, importer) {
      if (examples.has(source)) return source;
      const name = /^@forback\/([^/]+)$/.exec(source)?.[1];
      return name !== undefined && importer !== undefined && examples.has(importer)
        ? join(root, 'packages', name, 'src', 'index.ts')
        : undefined;
    },
    load(id) {
      // An example is a module of its own even if it exports nothing.
      return examples.has(id) ? `${examples.get(id)?.code}\nexport {};` : undefined;
    },
  };
}
