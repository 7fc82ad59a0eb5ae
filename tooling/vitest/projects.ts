import type { TestProjectInlineConfiguration } from 'vitest/config';
import { readmePlugin } from '../readme/examples.ts';

const conditions = ['@forback/source'];

/** Unit and type tests on Node, run from the sources of every workspace package. */
export const unit: TestProjectInlineConfiguration = {
  // Both are needed: `resolve` serves transforms, `ssr.resolve` serves Node.
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  plugins: [readmePlugin()],
  test: {
    name: 'unit',
    include: ['{packages,apps}/*/{src,test}/**/*.test.ts', 'tooling/**/*.test.ts'],
    exclude: ['**/*.browser.test.ts', '**/node_modules/**'],
    typecheck: { enabled: true, include: ['{packages,apps}/*/{src,test}/**/*.test-d.ts'] },
  },
};
