/** The embedded store passes the suite. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeStore } from '../contract.ts';

describeStore('lmdb', async () => {
  const folders: string[] = [];
  return {
    async clear() {
      folders.push(await mkdtemp(join(tmpdir(), 'usher-lmdb-')));
    },
    get url() {
      return `lmdb:${folders.at(-1)}`;
    },
    async stop() {
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    },
  };
});
