import { defineConfig } from 'tsup';

/** How a private Node application is built. */
export const app = defineConfig({
  entry: ['src/index.ts'],
  format: ['esm'],
  target: 'node20.19',
  platform: 'node',
  sourcemap: true,
  clean: true,
});
