/** Reports of leaked credentials over a real embedded store. */

import type { Leak } from '../../src/leaks/leak.ts';
import { createLeaks } from '../../src/leaks/leaks.ts';
import {
  createTakeReport,
  type LeakPolicy,
  type ReportedText,
} from '../../src/leaks/take-reports.ts';
import { Unavailable } from '../../src/store/store.ts';
import { createFindImported } from '../../src/verify/imported.ts';
import { createProve } from '../../src/verify/prove.ts';
import { defaultLimits, roomy } from '../limits.ts';
import { admin, fields, openOffice } from '../tokens/setup.ts';

/** The admin token of these tests. */
export const adminToken = 'admin-token-of-the-configuration-0123456789';

/** Opens an office that takes reports. */
export function openLeakOffice() {
  const office = openOffice();
  const { store, keys, now, tokens } = office;
  const told: Leak[] = [];
  const findImported = createFindImported(store, keys);
  const proven = createProve(keys, roomy);
  /** The access tokens that cannot be read. */
  const unreadable = new Set<string>();
  const prove: typeof proven = (credential, record, at) => {
    if (unreadable.has(record?.id ?? '')) throw new Unavailable('it cannot be read');
    return proven(credential, record, at);
  };
  const take = (policy: LeakPolicy, found: ReportedText[], by: 'github' | 'report' = 'github') =>
    createTakeReport({
      ...{ store, keys, findImported, now, adminToken, policy, accessTokens: tokens },
      prove,
      limits: defaultLimits.verify,
      onLeak: leak => told.push(leak),
    })({ by, peer: '192.0.2.1', found });
  return {
    ...office,
    told,
    unreadable,
    leaks: createLeaks({ store, now }),
    /** Reports texts, found at one place each. */
    report: (policy: LeakPolicy, ...texts: string[]) =>
      take(
        policy,
        texts.map(text => at(text)),
      ),
    take,
    make: (kind: 'static' | 'jwt', some = {}) => tokens.create(admin, kind, fields(some)),
    async events() {
      const all = await store.events({ order: 'oldest', limit: 1000 });
      return all.map(({ action, tokenId, after, actor }) => ({ action, tokenId, after, actor }));
    },
  };
}

/** A text that was found in a commit. */
export function at(credential: string, url = 'https://github.com/a/b/blob/c/d.txt'): ReportedText {
  return { credential, url, source: 'commit' };
}
