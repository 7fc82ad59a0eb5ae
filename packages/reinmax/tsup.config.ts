import { defineConfig } from 'tsup';
import { libraryOptions } from '../../tooling/tsup/library';

export default defineConfig({ ...libraryOptions, entry: ['src/index.ts', 'src/examples/index.ts'] });
