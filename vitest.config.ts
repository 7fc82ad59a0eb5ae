import { defineConfig } from 'vitest/config';
import { browser, unit } from './tooling/vitest/projects.ts';

// .ci/run counts tests from this file.
const report = process.env.FORBACK_TEST_REPORT;

export default defineConfig({
  test: {
    projects: [unit, browser],
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
});
