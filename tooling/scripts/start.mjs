// `npm start`: install, build, and run the demo with the arguments given.
import { pathToFileURL } from 'node:url';
import { build, ensureInstalled, inRoot } from './workspace.mjs';

await ensureInstalled();
await build([], { quiet: true });

// The demo runs in this process, so that the terminal, the interrupts and the exit code are its own.
const entry = inRoot('apps', 'demo', 'dist', 'index.js');
process.argv[1] = entry;
await import(pathToFileURL(entry).href);
