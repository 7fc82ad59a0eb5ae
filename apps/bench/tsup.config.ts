import { defineConfig } from 'tsup';
import { appOptions } from '../../tooling/tsup/app';

/** What runs in the measured processes. The command line itself runs from its sources. */
export default defineConfig({ ...appOptions, entry: ['src/participants/*-process.ts'] });
