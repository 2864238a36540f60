/** What the errors of LMDB and its file system mean to the operator, and what to do about them. */

/** Errors by what they say, and what that means. */
const faults: readonly (readonly [said: RegExp, text: string])[] = [
  [/ENOSPC|No space left|EDQUOT|quota exceeded/i, 'the disk is full: make room on it'],
  [/EFBIG|File too large/i, 'the file may not grow: raise the limit of file sizes (ulimit -f)'],
  [/MDB_MAP_FULL|mapsize/i, 'the address space is full: give the process more of it (ulimit -v)'],
  [/EROFS|Read-only file system/i, 'the file system is read-only: mount it for writing'],
  [/EACCES|EPERM|permission denied/i, 'this user may not use the file: make the user its owner'],
  // LMDB reports a write that was cut short as EIO too.
  [/EIO|Input\/output error/i, 'the disk is full or fails (EIO): make room on it, or replace it'],
  [/MDB_READERS_FULL/, 'too many processes read the store: run fewer workers'],
  [
    /MDB_(CORRUPTED|PAGE_NOTFOUND|PANIC|INVALID|VERSION_MISMATCH)|damaged|corrupt/i,
    'the file is damaged: stop Usher and restore a backup',
  ],
];

/** What an error means to the operator; the error's own words when it is not known. */
export function faultText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return faults.find(([said]) => said.test(text))?.[1] ?? text.slice(0, 200);
}
