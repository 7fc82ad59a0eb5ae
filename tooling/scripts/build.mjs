// `npm run build`: build everything with turbo. Arguments go to turbo: `npm run build -- --force`.
import { build } from './workspace.mjs';

await build(process.argv.slice(2));
