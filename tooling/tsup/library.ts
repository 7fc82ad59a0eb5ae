import { defineConfig, type Options } from 'tsup';

/** How every published package is built: ES modules with types and source maps. */
export const libraryOptions: Options = {
  entry: ['src/index.ts'],
  format: ['esm'],
  target: 'es2022',
  dts: true,
  sourcemap: true,
  treeshake: true,
  clean: true,
};

export const library = defineConfig(libraryOptions);
