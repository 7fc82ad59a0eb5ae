import { spawn } from 'node:child_process';
import { peersFolder } from '../participants/peer-packages';

/** Installs the peers' folder with npm, exactly as its lockfile says. */
export async function setup(signal: AbortSignal): Promise<void> {
  const windows = process.platform === 'win32';
  const code = await new Promise<number | null>((done, fail) => {
    const npm = spawn('npm', ['ci'], { cwd: peersFolder, stdio: 'inherit', shell: windows, signal });
    npm.on('error', fail);
    npm.on('close', done);
  });
  if (code !== 0)
    throw new Error(`npm ci in ${peersFolder} failed with exit code ${code}; it needs access to the npm registry`);
}
