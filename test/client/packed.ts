/** Packs the SDK as npm does, and installs it into a temporary folder. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** Runs a program and waits for its exit. */
export const run = promisify(execFile);
/** The root of the repository. */
export const root = resolve(import.meta.dirname, '../..');

/** A folder in which `@usher/client` can be imported. */
export interface PackedSdk {
  folder: string;
  remove(): Promise<void>;
}

/**
 * Packs and installs the SDK into a folder, by default a new one, with the packages that it names as its
 * dependencies, and no other.
 */
export async function installPacked(given?: string): Promise<PackedSdk> {
  const folder = given ?? (await mkdtemp(join(tmpdir(), 'usher-packed-')));
  // Packed from a copy, since other tests pack this checkout at the same time.
  const copy = join(folder, 'copy');
  await cp(join(root, 'packages/client'), copy, {
    recursive: true,
    filter: path => !path.endsWith('dist'),
  });
  await run(process.execPath, ['scripts/build-client.js', join(copy, 'dist')], { cwd: root });
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: copy });
  const { version, dependencies } = JSON.parse(await readFile(join(copy, 'package.json'), 'utf8'));
  const installed = join(folder, 'node_modules/@usher/client');
  await mkdir(installed, { recursive: true });
  const archive = join(folder, `usher-client-${version}.tgz`);
  await run('tar', ['-xzf', archive, '-C', installed, '--strip-components', '1']);
  await rm(copy, { recursive: true });
  for (const name of Object.keys(dependencies)) await link(folder, name);
  await writeFile(join(folder, 'package.json'), '{"type":"module","private":true}');
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Makes a package of this checkout importable in a folder. */
export async function link(folder: string, name: string): Promise<void> {
  const path = join(folder, 'node_modules', name);
  if (existsSync(path)) return;
  await mkdir(dirname(path), { recursive: true });
  await symlink(join(root, 'node_modules', name), path);
}
