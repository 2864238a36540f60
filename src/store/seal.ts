/** The proof that what the store holds is as Usher wrote it. The keys stay with the caller. */

/** What a MAC says about a text. */
type SealCheck = 'good' | 'wrong' | 'unknown key';

/** Makes and checks the MACs of what the store holds. */
export interface RecordSeal {
  /** Id of the master key that makes MACs. */
  readonly currentId: string;
  /**
   * Master key id → a value that depends on the key and does not reveal it, for all listed keys. A
   * store keeps it, so that another key under the same id is noticed.
   */
  readonly keyChecks: ReadonlyMap<string, string>;
  /** The MAC of a text that is stored under `id`: the master key's id, a space, and base64url. */
  sign(id: string, text: string): string;
  /** Checks such a MAC. */
  check(id: string, text: string, mac: string): SealCheck;
}

/** Reports a record that is not as Usher wrote it. `why` holds none of its content. */
export type OnBrokenRecord = (id: string, why: string) => void;

/** Signs records again, which changes neither their revision nor their content. Throws Unavailable. */
export interface RecordSigner {
  /**
   * Signs the records of these UUIDs under the current master key, where they are not. Resolves to
   * how many it signed.
   */
  signRecords(ids: readonly string[]): Promise<number>;
  /** Signs the index of imported tokens under the current master key, where it is not. */
  signImported(): Promise<void>;
  /** From now on the store refuses what has no MAC: all records and the index must be signed. */
  endMigration(): Promise<void>;
}
