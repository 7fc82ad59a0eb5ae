import { dirname, join, relative } from 'node:path';
import { defineConfig } from 'tsup';
import { libraryOptions } from '../../tooling/tsup/library';

/** Modules that are exported whole, as a namespace (`np`, `nn.losses`), by the module that imports them. */
const namespaces = [
  ...['io', 'linalg', 'nn', 'numpy', 'optim', 'random', 'tree'].map((name) => ({
    from: 'src/index.ts',
    name,
    entry: `${name}/index`,
  })),
  ...['functional', 'initializers', 'losses'].map((name) => ({ from: 'src/nn/index.ts', name, entry: `nn/${name}` })),
];

export default defineConfig({
  ...libraryOptions,
  entry: Object.fromEntries(
    ['index', 'kernels', ...namespaces.map((n) => n.entry)].map((name) => [name, `src/${name}.ts`]),
  ),
  dts: { entry: { index: 'src/index.ts', kernels: 'src/kernels.ts' } },
  splitting: true,
  treeshake: false,
  esbuildPlugins: [
    {
      // A bundled namespace is an object that keeps all of its members alive. Left as a module of its own, whoever bundles
      // the package for a page can drop what the page does not use.
      name: 'namespaces-stay-modules',
      setup(build) {
        build.onResolve({ filter: /^\.\/[a-z]+$/ }, ({ path, importer }) => {
          const from = relative(import.meta.dirname, importer).replaceAll('\\', '/');
          const found = namespaces.find((n) => n.from === from && `./${n.name}` === path);
          if (found === undefined) return undefined;
          const target = relative(dirname(from), join('src', found.entry)).replaceAll('\\', '/');
          return { path: `./${target}.js`, external: true };
        });
      },
    },
  ],
});
