/** Where the tests of whole servers keep their data. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A place for a store. */
export interface Place {
  /** The value of USHER_STORE. */
  url: string;
  /** Removes it; no server uses it any more. */
  end(): Promise<void>;
}

/** A folder for an embedded store. */
export async function lmdbPlace(): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-place-'));
  return {
    url: `lmdb:${folder}`,
    end: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
