import { defineConfig } from 'vitest/config';
import { unit } from './tooling/vitest/projects.ts';

// .ci/run counts tests from this file.
const report = process.env.FORBACK_TEST_REPORT;

export default defineConfig({
  test: {
    projects: [unit],
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
});
