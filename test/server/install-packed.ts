/** Packs the server of a source tree as npm does, and installs it into a folder. */

import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');

/** tsc and npm take some ten seconds, and much longer on a busy machine. In milliseconds. */
export const packMsMax = 180_000;

/** An installed package. */
export interface Installed {
  /** The folder of the package. */
  folder: string;
  /** The command `usher`. */
  bin: string;
}

/**
 * Packs and installs the server of a tree, by default this checkout, with links to the packages of this
 * checkout that it names as its dependencies, and to no other.
 */
export async function installServer(folder: string, tree = root): Promise<Installed> {
  // Packed from a copy, since other tests pack this checkout at the same time.
  const copy = join(folder, 'copy');
  mkdirSync(copy);
  const parts = ['package.json', 'LICENSE', 'README.md', 'bin', 'proto', 'dist/manager'];
  for (const name of parts.filter(part => existsSync(join(tree, part)))) {
    cpSync(join(tree, name), join(copy, name), { recursive: true });
  }
  await run(process.execPath, ['scripts/build-server.js', join(copy, 'lib')], { cwd: tree });
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: copy });
  const installed = join(folder, 'node_modules/usher');
  mkdirSync(installed, { recursive: true });
  const [archive = ''] = readdirSync(folder).filter(name => name.endsWith('.tgz'));
  await run('tar', ['-xzf', archive, '-C', installed, '--strip-components', '1'], { cwd: folder });
  const { dependencies } = JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8'));
  rmSync(copy, { recursive: true });
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  symlinkSync('../usher/bin/usher.js', join(folder, 'node_modules/.bin/usher'));
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  return { folder: installed, bin: join(installed, 'bin/usher.js') };
}
