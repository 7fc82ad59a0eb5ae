// `npm test`: install, and run every test. Arguments go to vitest: `npm test -- packages/core`.
import { ensureInstalled, run } from './workspace.mjs';

await ensureInstalled();
process.exitCode = await run('vitest', ['run', '--project', 'unit', ...process.argv.slice(2)]);
