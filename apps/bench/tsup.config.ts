import { defineConfig } from 'tsup';
import { appOptions } from '../../tooling/tsup/app';

