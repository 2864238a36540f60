/** Shows and rotates the master keys: who may do so, and its entries in the audit log. */

import type { MasterKeys } from '../verify/master-keys.ts';
import type { Audit } from './audit.ts';
import { byCaller } from './audit-names.ts';
import { adminScope, type Caller, demand, demandNoOwner, readScope } from './caller.ts';
import { invalid } from './faults.ts';
import type { CountKeyUse, KeyUse } from './key-use.ts';
import { pageTokens } from './page-token.ts';

/** A master key that a replica reads. */
interface KeyInUse {
  id: string;
  /** Whether it writes. */
  writes: boolean;
  /** Whether the source has it; one that it lacks is kept until a restart while records need it. */
  isListed: boolean;
}

/** What a replica knows of the master keys. */
export interface KeysStatus {
  /** Where they come from, for operators. */
  source: string;
  /** In the order of the source; those that it lacks at the end. */
  keys: KeyInUse[];
  /** The live replicas: what each reads and writes with, as of `time` (milliseconds since 1970). */
  replicas: { replica: string; reads: string[]; writes: string; time: number }[];
  /** For what the first key waits before it writes, for operators; nothing when it writes. */
  waitsFor: string[];
  /** What is wrong with the keys, for operators; absent when nothing is. */
  problem?: string;
}

/** Reads, uses and rotates the keys of this replica. */
export interface KeyKeeper {
  /** The status. Never rejects. */
  status(): Promise<KeysStatus>;
  /** Reads the source again, and looks at once. Throws TokenError when that fails. */
  reload(): Promise<void>;
  /** Makes a key, puts it first in the source, and resolves to its id. Throws TokenError. */
  rotate(): Promise<string>;
  /** Removes a key from the source, if nothing needs it. Throws TokenError and Unavailable. */
  remove(id: string): Promise<void>;
}

/** Operations on the master keys. Each throws TokenError or Unavailable. */
export interface KeyCustody {
  /** The status. The caller needs the scope usher.tokens.read, and no owner. */
  status(caller: Caller): Promise<KeysStatus>;
  /** Has this replica read its keys again. The caller needs the scope usher.admin, and no owner. */
  reload(caller: Caller): Promise<KeysStatus>;
  /** Makes a new key. The caller needs the same. */
  rotate(caller: Caller): Promise<{ newId: string; status: KeysStatus }>;
  /** Removes a key that nothing needs. The caller needs the same. */
  remove(caller: Caller, id: string): Promise<KeysStatus>;
  /** Counts a page of what depends on which key; "" for the first. The caller needs the same. */
  count(
    caller: Caller,
    pageToken: string,
  ): Promise<{ examined: number; uses: KeyUse[]; nextPageToken: string }>;
}

/** Creates it. */
export function createKeyCustody(
  keeper: KeyKeeper,
  countUse: CountKeyUse,
  keys: MasterKeys,
  audit: Pick<Audit, 'add'>,
): KeyCustody {
  return {
    async status(caller) {
      demand(caller, readScope);
      demandNoOwner(caller, 'see the master keys');
      return await keeper.status();
    },
    async reload(caller) {
      demandWhole(caller, 'reload the master keys');
      await keeper.reload();
      const status = await keeper.status();
      await audit.add({ action: 'keys.reload', ...byCaller(caller), detail: idsIn(status) });
      return status;
    },
    async rotate(caller) {
      demandWhole(caller, 'rotate the master keys');
      const newId = await keeper.rotate();
      const status = await keeper.status();
      await audit.add({
        ...{ action: 'keys.rotate', ...byCaller(caller) },
        detail: `${newId} is first in ${status.source}`,
      });
      return { newId, status };
    },
    async remove(caller, id) {
      demandWhole(caller, 'remove master keys');
      if (id === '') throw invalid('id', 'is required');
      await keeper.remove(id);
      const status = await keeper.status();
      const detail = `${id} from ${status.source}`;
      await audit.add({ action: 'keys.remove', ...byCaller(caller), detail });
      return status;
    },
    async count(caller, pageToken) {
      demandWhole(caller, 'count the uses of master keys');
      const tokens = pageTokens(keys, caller, { rpc: 'CountKeyUse', query: [] });
      const { examined, uses, next } = await countUse(tokens.read(pageToken) ?? '');
      return { examined, uses, nextPageToken: tokens.write(next) };
    },
  };
}

function demandWhole(caller: Caller, what: string): void {
  demand(caller, adminScope);
  demandNoOwner(caller, what);
}

function idsIn({ keys }: KeysStatus): string {
  return keys.map(({ id }) => id).join(', ');
}
