/** Notices of access tokens that expire soon and were used lately. */

import type { AccessTokenRecord } from '../store/record.ts';
import { isVisible } from '../tokens/caller.ts';
import type { Notice, NoticeContext } from './notices.ts';

/** Access tokens of a page. */
const pageSize = 200;
const dayMs = 86_400_000;

/** The soonest ones by name, and the number of the others. Throws Unavailable. */
export async function expiringNotices(context: NoticeContext): Promise<Notice[]> {
  const { found, isAll } = await findExpiring(context);
  const { now, limits } = context;
  const named = found.slice(0, limits.namedMax);
  const notices = named.map((record): Notice => {
    const { id, name, expiresAt = 0 } = record;
    return {
      id: `expiring.${id}.${expiresAt}`,
      kind: 'expiring',
      text: `${name} is in use and expires ${inDays(expiresAt - now)}.`,
      path: `/tokens/${id}`,
      time: expiresAt,
      isUrgent: expiresAt - now < 3 * dayMs,
    };
  });
  const count = found.length - named.length;
  if (count === 0 && isAll) return notices;
  const days = Math.round(limits.expiringMs / dayMs);
  const others = `${count}${isAll ? '' : ' or more'} other access tokens`;
  const text = `${others} that are in use expire within ${days} days.`;
  const path = '/?state=expiring';
  return [...notices, { id: 'expiring.others', kind: 'expiring', text, path, isUrgent: false }];
}

async function findExpiring({ store, caller, now, limits }: NoticeContext) {
  const found: AccessTokenRecord[] = [];
  let examined = 0;
  let after: string | undefined;
  do {
    const page = await store.scan({
      ...{ order: 'expiry', expiresAfter: now, limit: pageSize },
      ...(after !== undefined && { after }),
    });
    const inTime = page.records.filter(({ expiresAt = 0 }) => expiresAt <= now + limits.expiringMs);
    const seen = inTime.filter(
      record => record.revokedAt === undefined && isVisible(caller, record),
    );
    const usage = seen.length === 0 ? [] : await store.usage(seen.map(({ id }) => id));
    found.push(...seen.filter((_, n) => (usage[n]?.lastUsedAt ?? 0) >= now - limits.usedMs));
    if (inTime.length < page.records.length) return { found, isAll: true };
    examined += page.records.length;
    after = page.cursor;
  } while (after !== undefined && examined < limits.examinedMax);
  return { found, isAll: after === undefined };
}

function inDays(ms: number): string {
  const days = Math.floor(ms / dayMs);
  if (days >= 2) return `in ${days} days`;
  const hours = Math.floor(ms / 3_600_000);
  if (hours >= 2) return `in ${hours} hours`;
  return hours === 1 ? 'in an hour' : 'within the hour';
}
