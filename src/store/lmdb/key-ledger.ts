/** What the embedded store knows of master keys, and which records depend on which. */

import { keysOf } from '../format/sealed.ts';
import { mismatchOf } from '../schema.ts';
import type { KeyLedger, RecordSeal } from '../seal.ts';
import { StoreMismatch } from '../store.ts';
import type { LmdbAccess } from './imported.ts';
import { keyChecksKey, readKeyChecks } from './schema.ts';
import type { Tables } from './tables.ts';

/** Creates it. */
export function lmdbKeyLedger(
  { root, tokens }: Pick<Tables, 'root' | 'tokens'>,
  seal: RecordSeal,
  { read, write }: LmdbAccess,
): Pick<KeyLedger, 'keyChecks' | 'noteKey' | 'forgetKey' | 'recordKeys'> {
  const put = (checks: Map<string, string>) =>
    root.put(keyChecksKey, JSON.stringify(Object.fromEntries(checks)));
  return {
    keyChecks: () => read(() => readKeyChecks(root)),
    noteKey: async id => {
      const mismatch = await write(() => {
        const keyChecks = readKeyChecks(root);
        const found = mismatchOf({ schema: 0, keyChecks }, seal);
        if (found === undefined) put(keyChecks.set(id, seal.keyChecks.get(id) as string));
        return found;
      });
      if (mismatch !== undefined) throw new StoreMismatch(mismatch);
    },
    forgetKey: id =>
      write(() => {
        const checks = readKeyChecks(root);
        if (checks.delete(id)) put(checks);
      }),
    recordKeys: (after, limit) =>
      read(() => {
        const range = { start: after, exclusiveStart: true, limit } as never;
        const found = [...tokens.getRange(range)];
        const keys = found.map(({ key, value }) => keysOf(key, value));
        const last = found.length === limit ? found.at(-1)?.key : undefined;
        return last === undefined ? { keys } : { keys, cursor: last };
      }),
  };
}
