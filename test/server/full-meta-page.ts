/**
 * Loaded before Usher by a test. At SIGUSR2 the next write of a meta page of the embedded store finds the
 * disk full, as do all later ones until the file is opened again.
 */

import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** O_DSYNC, by which LMDB writes its meta pages alone. */
const syncFlag = 0o10000;

function descriptorOfMetaPages(): number {
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      if (!readlinkSync(`/proc/self/fd/${name}`).endsWith('data.mdb')) continue;
      const info = readFileSync(`/proc/self/fdinfo/${name}`, 'utf8');
      const flags = Number.parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? '', 8);
      if ((flags & syncFlag) !== 0) return Number(name);
    } catch {
      // That of the folder that was just read.
    }
  }
  throw new Error('the store is not open');
}

process.on('SIGUSR2', () => {
  const descriptor = descriptorOfMetaPages();
  closeSync(descriptor);
  // The lowest that is free is taken.
  while (openSync('/dev/full', 'r+') < descriptor);
});
