/** Builds the web app for a test. */

import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../..');

/** Builds it into a folder of its own under out/, and answers the folder. */
export async function buildWeb(name: string): Promise<string> {
  const folder = resolve(root, 'out', name);
  const vite = resolve(root, 'node_modules/vite/bin/vite.js');
  const args = [vite, 'build', 'src/manager/web', '--outDir', folder, '--emptyOutDir'];
  // The test runner's own NODE_ENV would bring the development build of React.
  const env = { ...process.env, NODE_ENV: 'production' };
  await promisify(execFile)(process.execPath, args, { cwd: root, env });
  return folder;
}
