import { defineConfig, type Options } from 'tsup';

/** How a private Node application is built. */
export const appOptions: Options = {
  entry: ['src/index.ts'],
  format: ['esm'],
  target: 'node20.19',
  platform: 'node',
  sourcemap: true,
  clean: true,
};

export const app = defineConfig(appOptions);
