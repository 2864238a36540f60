/** Builds the web app for a test. */

import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../..');

/** Builds the web app into the folder `out/<name>` and resolves to its path. */
export async function buildWeb(name: string): Promise<string> {
  const folder = resolve(root, 'out', name);
  const vite = resolve(root, 'node_modules/vite/bin/vite.js');
  const args = [vite, 'build', 'src/manager/web', '--outDir', folder, '--emptyOutDir'];
  // With the NODE_ENV of the test runner, the build would contain React's development version.
  const env = { ...process.env, NODE_ENV: 'production' };
  await promisify(execFile)(process.execPath, args, { cwd: root, env });
  return folder;
}
