/** An earlier version of Usher, packed and installed from the history of this repository. */

import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Installed, installServer } from '../server/install-packed.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');

/**
 * The version that must be able to stand beside this one: the commit of the last release, and until
 * there is one, the first that signs what a request did, since this version believes no other.
 */
export const formerCommit = '3b242ec6';

/** Packs and installs it below a folder. Throws Error where the clone does not have its commit. */
export async function installFormer(folder: string): Promise<Installed> {
  const tree = join(folder, 'tree');
  mkdirSync(tree);
  const archive = join(folder, 'tree.tar');
  await run('git', ['archive', '--output', archive, formerCommit], { cwd: root }).catch(() => {
    throw new Error(
      `this clone lacks the commit ${formerCommit}, of which the earlier version is made: ` +
        'git fetch --unshallow brings it',
    );
  });
  await run('tar', ['-xf', archive, '-C', tree]);
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  const place = join(folder, 'former');
  mkdirSync(place);
  return installServer(place, tree);
}
