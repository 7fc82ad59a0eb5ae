import { defineConfig } from 'tsup';

/** How every published package is built: one ES module with types and a source map. */
export const library = defineConfig({
  entry: ['src/index.ts'],
  format: ['esm'],
  target: 'es2022',
  dts: true,
  sourcemap: true,
  treeshake: true,
  clean: true,
});
