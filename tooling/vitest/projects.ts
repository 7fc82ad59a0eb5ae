import type { IncomingMessage, ServerResponse } from 'node:http';
import { playwright } from '@vitest/browser-playwright';
import type { Plugin, TestProjectInlineConfiguration } from 'vitest/config';
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

/** The core's tests again, in Chromium, on a page that may share memory. Files that need Node end in `.node.test.ts`. */
export const browser: TestProjectInlineConfiguration = {
  resolve: { conditions },
  plugins: [crossOriginIsolation()],
  test: {
    name: 'browser',
    include: ['packages/core/{src,test}/**/*.test.ts'],
    exclude: ['**/*.node.test.ts', '**/node_modules/**'],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: { executablePath: process.env.FORBACK_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
};

/** Only an isolated page may share memory between threads. */
function crossOriginIsolation(): Plugin {
  return {
    name: 'cross-origin-isolation',
    configureServer(server) {
      const setHeaders = (_request: IncomingMessage, response: ServerResponse, next: () => void) => {
        response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
        response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
        next();
      };
      // In front of the handlers that serve vitest's own pages.
      server.middlewares.stack.unshift({ route: '', handle: setHeaders });
    },
  };
}
