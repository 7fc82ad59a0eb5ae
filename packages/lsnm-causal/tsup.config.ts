import { defineConfig } from 'tsup';
import { libraryOptions } from '../../tooling/tsup/library';

export default defineConfig({
  ...libraryOptions,
  // What the threads of `runSuite` run lies beside the module that starts them.
  entry: { index: 'src/index.ts', 'pair-worker': 'src/suite/pair-worker.ts' },
  dts: { entry: { index: 'src/index.ts' } },
});
