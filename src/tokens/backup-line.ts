/** The lines of a backup. Each is a JSON object with a MAC as its last member. */

import type { ChainedEvent, ChainHead } from '../store/audit.ts';
import type { ChangedDocument, NamedDocument } from '../store/documents.ts';
import { isSealed, macKeyId, signText } from '../store/format/sealed.ts';
import type { AccessTokenRecord } from '../store/record.ts';
import type { RecordSeal } from '../store/seal.ts';
import type { ImportedEntry, Usage } from '../store/store.ts';

/** The version of the format. From 2 on there are documents. */
export const backupFormat = 2;

/** One line; of several about the same access token or document, the last one holds. */
export type BackupLine =
  /**
   * The first line: the format, the end of the log by then, the forms of imported tokens, and the
   * identity of the store.
   */
  | { backup: number; head: ChainHead; forms: readonly string[]; identity?: string }
  | { record: AccessTokenRecord; usage?: Usage }
  | { imported: ImportedEntry }
  | { document: NamedDocument }
  /** A document that was removed, or ended, while the backup was read. */
  | { gone: ChangedDocument }
  | { event: ChainedEvent }
  /** The last line: the end of the log, the number of its oldest entry, the forms as above. */
  | { end: ChainHead; oldest: number; forms: readonly string[] };

/** The name under which lines are signed: as records they would be wrong. */
const name = 'backup';

/** Encodes a line. */
export function writeLine(seal: RecordSeal, line: BackupLine): string {
  return signText(seal, name, JSON.stringify(line));
}

/** Decodes a line; a sentence about what is wrong with it when it is not as Usher wrote it. */
export function readLine(seal: RecordSeal, text: string): BackupLine | string {
  const keyId = macKeyId(text);
  if (keyId === undefined) return 'is not a line of a backup';
  if (!seal.keyChecks.has(keyId)) {
    return `is signed under master key ${keyId}, which USHER_MASTER_KEYS does not list`;
  }
  return isSealed(seal, name, text)
    ? (JSON.parse(text) as BackupLine)
    : 'is not as Usher wrote it, or its master key is another one';
}
