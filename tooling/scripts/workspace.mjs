import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

const bin = join(root, 'node_modules', '.bin');
const windows = process.platform === 'win32';

/** How long a quiet command may stay silent before its output is shown, in milliseconds. */
const patience = 60_000;

const environment = {
  ...process.env,
  PATH: [bin, process.env.PATH].join(delimiter),
  DO_NOT_TRACK: '1',
  TURBO_TELEMETRY_DISABLED: '1',
};

/** The path of a file inside the repository. */
export function inRoot(...parts) {
  return join(root, ...parts);
}

/**
 * Runs a command in the repository root and resolves to its exit code. With `quiet` its output is kept back, and shown
 * when it fails or takes more than a minute. Interrupts reach the command; this process then ends the way it did.
 */
export function run(command, args, { quiet = false } = {}) {
  return new Promise((done) => {
    const child = spawn(command, args, {
      cwd: root,
      env: environment,
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
      shell: windows,
    });
    const forward = (signal) => child.kill(signal);
    process.on('SIGINT', forward).on('SIGTERM', forward);

    let held = [];
    const show = () => {
      for (const chunk of held ?? []) process.stderr.write(chunk);
      held = null;
    };
    const slow = setTimeout(show, patience);
    const receive = (chunk) => (held ? held.push(chunk) : process.stderr.write(chunk));
    child.stdout?.on('data', receive);
    child.stderr?.on('data', receive);

    const finish = (code, signal) => {
      clearTimeout(slow);
      process.off('SIGINT', forward).off('SIGTERM', forward);
      if (signal) process.kill(process.pid, signal);
      else {
        if (code !== 0) show();
        done(code);
      }
    };
    child.on('error', (error) => {
      process.stderr.write(`Could not start ${command}: ${error.message}\n`);
      finish(127, null);
    });
    child.on('close', finish);
  });
}

/** Ends this process with the code and a message unless the code is zero. */
export function stopOnFailure(code, message) {
  if (code === 0) return;
  process.stderr.write(`\n${message}\n`);
  process.exit(code);
}

/** Installs the dependencies with the pinned pnpm, unless the last install is newer than everything that decides it. */
export async function ensureInstalled() {
  checkNode();
  if (isInstalled()) return;
  process.stderr.write('Installing dependencies (first run, or they changed)...\n');
  const { packageManager } = readManifest();
  const code = await run('npx', ['-y', packageManager, 'install', '--frozen-lockfile'], { quiet: true });
  stopOnFailure(code, 'Installing dependencies failed: see the lines above. It needs access to the npm registry.');
}

/** Builds every package and application that changed since the last build. */
export async function build(args = [], { quiet = false } = {}) {
  const ui = ['--ui=stream', '--output-logs=new-only', ...args];
  const code = await run('turbo', ['run', 'build', ...ui], { quiet });
  stopOnFailure(code, 'The build failed: see the lines above.');
}

function readManifest() {
  return JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
}

function checkNode() {
  const floor = readManifest().engines.node.replace('>=', '');
  const [wantMajor, wantMinor] = floor.split('.').map(Number);
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return;
  stopOnFailure(1, `forback needs Node ${floor} or later, and this is Node ${process.versions.node}.`);
}

function isInstalled() {
  // pnpm writes this file at the end of an install.
  const marker = inRoot('node_modules', '.modules.yaml');
  if (!existsSync(marker)) return false;
  const installed = statSync(marker).mtimeMs;
  return ['pnpm-lock.yaml', 'pnpm-workspace.yaml'].every((file) => statSync(inRoot(file)).mtimeMs <= installed);
}
