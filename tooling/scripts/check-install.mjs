// Packs every public package, installs the tarballs in an empty folder, loads each one with `import` and `require`, and
// compiles a user of their types without DOM, Node types or skipLibCheck.
// Needs a build. The install is offline: a published package depends on nothing outside this workspace.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRoot, run, stopOnFailure } from './workspace.mjs';

const folder = mkdtempSync(join(tmpdir(), 'forback-install-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const names = [];
for (const entry of readdirSync(inRoot('packages'), { withFileTypes: true })) {
  if (!entry.isDirectory()) continue;
  const packageFolder = inRoot('packages', entry.name);
  names.push(JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')).name);
  const code = await run('pnpm', ['--dir', packageFolder, 'pack', '--pack-destination', folder], { quiet: true });
  stopOnFailure(code, `Packing packages/${entry.name} failed.`);
}

const tarballs = readdirSync(folder).map((file) => join(folder, file));
writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
const install = ['install', '--prefix', folder, '--offline', '--no-audit', '--no-fund', '--no-package-lock'];
stopOnFailure(await run('npm', [...install, ...tarballs], { quiet: true }), 'Installing the tarballs failed.');

const consumer = join(folder, 'consumer.mjs');
writeFileSync(
  consumer,
  `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
for (const name of ${JSON.stringify(names)}) {
  const imported = Object.keys(await import(name));
  const required = Object.keys(require(name));
  if (imported.length === 0) throw new Error(name + ' exports nothing');
  const missing = imported.filter((key) => !required.includes(key));
  if (missing.length > 0) throw new Error(name + ': require() lacks ' + missing.join(', '));
  console.log(name + ': import and require work, ' + imported.length + ' exports');
}
`,
);
stopOnFailure(await run(process.execPath, [consumer]), 'A packed package does not load.');

writeFileSync(
  join(folder, 'consumer.ts'),
  names.map((name, i) => `export * as package${i} from '${name}';\n`).join(''),
);
const compilerOptions = {
  ...{
    target: 'es2022',
    module: 'nodenext',
    lib: ['es2022'],
    types: [],
    strict: true,
    skipLibCheck: false,
    noEmit: true,
  },
};
writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['consumer.ts'] }));
stopOnFailure(await run('tsc', ['-p', folder]), 'The types of a packed package do not compile for a user.');
console.log('the types compile without DOM and Node types');
