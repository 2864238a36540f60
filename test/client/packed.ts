/** Packs the SDK as npm does, and installs it into a temporary folder. */

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** Runs a program and waits for its exit. */
export const run = promisify(execFile);
/** The root of the repository. */
export const root = resolve(import.meta.dirname, '../..');

/** A folder in which `usher/client` can be imported. */
export interface PackedSdk {
  folder: string;
  remove(): Promise<void>;
}

/** Packs and installs the SDK. */
export async function installPacked(): Promise<PackedSdk> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-packed-'));
  await run(process.execPath, ['scripts/build-client.js'], { cwd: root });
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  await run('npm', pack, { cwd: root });
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const installed = join(folder, 'node_modules/usher');
  await mkdir(installed, { recursive: true });
  const archive = join(folder, `usher-${version}.tgz`);
  await run('tar', ['-xzf', archive, '-C', installed, '--strip-components', '1']);
  await writeFile(join(folder, 'package.json'), '{"type":"module","private":true}');
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
