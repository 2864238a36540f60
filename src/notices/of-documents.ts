/** Notices of what is in the store's documents: limits, leaks, webhooks and jobs. */

import type { DocumentScan, StoredDocument } from '../store/documents.ts';
import type { AccessTokenRecord } from '../store/record.ts';
import { isVisible } from '../tokens/caller.ts';
import { isVisibleTo } from '../webhooks/access.ts';
import { failingSinceOf } from '../webhooks/outcome.ts';
import { type Webhook, webhookOf } from '../webhooks/webhook.ts';
import { type LimitNote, limitNotes } from './limit-notes.ts';
import type { Notice, NoticeContext } from './notices.ts';

/** Access tokens that reached their limits. Throws Unavailable. */
export async function limitNotices(context: NoticeContext): Promise<Notice[]> {
  const seen = await allShown(context, limitNotes, async listed => {
    return await withTokens(
      context,
      listed.map(({ body }) => body as unknown as LimitNote),
    );
  });
  return seen
    .sort((a, b) => b.about.at - a.about.at)
    .map(({ about: { at }, record: { id, name } }) => ({
      id: `limit.${id}.${at}`,
      kind: 'limit reached',
      text: `Calls with ${name} were refused because of its limits.`,
      path: `/tokens/${id}`,
      time: at,
      isUrgent: false,
    }));
}

/**
 * What `show` makes of the documents of a scan, read by pages, `pagesMax` at most, until enough are shown. It leaves
 * out those that the caller may not see or that need no action.
 */
async function allShown<T>(
  { store, limits }: NoticeContext,
  scan: Pick<DocumentScan, 'collection' | 'prefix'>,
  show: (listed: readonly StoredDocument[]) => Promise<T[]>,
): Promise<T[]> {
  const shown: T[] = [];
  const limit = limits.noticesMax;
  let after: string | undefined;
  for (let page = 0; page < limits.pagesMax && shown.length < limit; page++) {
    const listed = await store.documents({ ...scan, limit, ...(after !== undefined && { after }) });
    shown.push(...(await show(listed)));
    after = listed.at(-1)?.id;
    if (listed.length < limit) break;
  }
  return shown;
}

/** What of a leak is shown. */
interface Leak {
  /** "" for the admin token of the configuration. */
  tokenId: string;
  what: 'token' | 'secret key' | 'jwt' | 'admin token';
  /** What Usher did about it. */
  done: 'revoked' | 'flagged' | 'failed';
  findings: { at: number }[];
  /** Absent while it needs someone. */
  dismissed?: object;
}

type OpenLeak = Leak & { id: string };

/** Leaks that were reported and not dismissed. Throws Unavailable. */
export async function leakNotices(context: NoticeContext): Promise<Notice[]> {
  const isForAdmins = context.caller.owners === undefined;
  const ofAdmin: OpenLeak[] = [];
  const seen = await allShown(context, { collection: 'leaks' }, async listed => {
    const leaks = listed.map(({ id, body }) => ({ ...(body as unknown as Leak), id }));
    const open = leaks.filter(({ dismissed }) => dismissed === undefined);
    const isOfAdmin = ({ tokenId }: Leak) => tokenId === '';
    if (isForAdmins) ofAdmin.push(...open.filter(isOfAdmin));
    return await withTokens(
      context,
      open.filter(leak => !isOfAdmin(leak)),
    );
  });
  return [
    ...ofAdmin.map(leak => ({
      ...leakNotice(leak),
      text: 'The admin token was found in public. Replace it in the configuration.',
      path: '/leaks',
      isUrgent: true,
    })),
    ...seen.map(({ about, record: { id, name, revokedAt } }) => {
      const isOver = revokedAt !== undefined || about.done === 'revoked';
      const what = about.what === 'jwt' ? 'A JWT' : 'A secret';
      return {
        ...leakNotice(about),
        text: `${what} of ${name} was found in public${isOver ? '; it is revoked' : ''}.`,
        path: `/tokens/${id}`,
        isUrgent: !isOver,
      };
    }),
  ];
}

function leakNotice({ id, findings }: OpenLeak) {
  const time = findings.at(-1)?.at;
  return { id: `leak.${id}`, kind: 'leaked', ...(time !== undefined && { time }) } as const;
}

/** Each with its access token, without those that the caller may not see. */
async function withTokens<T extends { tokenId: string }>(
  { store, caller }: NoticeContext,
  all: readonly T[],
): Promise<{ about: T; record: AccessTokenRecord }[]> {
  const records = await Promise.all(all.map(({ tokenId }) => store.get(tokenId)));
  return all.flatMap((about, n) => {
    const record = records[n];
    return record !== undefined && isVisible(caller, record) ? [{ about, record }] : [];
  });
}

/** Webhooks that fail, and those that Usher disabled. Throws Unavailable. */
export async function webhookNotices(context: NoticeContext): Promise<Notice[]> {
  const { store, caller, now, limits } = context;
  const listed = await store.documents({ collection: 'webhooks', limit: 1000 });
  const seen = listed.map(webhookOf).filter(webhook => isVisibleTo(caller, webhook));
  const found = await Promise.all(
    seen.map(async (webhook): Promise<Notice[]> => {
      const { id, enabled, disabledReason, updatedAt } = webhook;
      const about = { kind: 'webhook', path: `/webhooks/${id}`, isUrgent: false } as const;
      if (disabledReason !== undefined) {
        const text = `Usher disabled the webhook ${nameOf(webhook)}: ${disabledReason}.`;
        return [{ ...about, id: `webhook.${id}.${updatedAt}`, text, time: updatedAt }];
      }
      const since = enabled ? await failingSinceOf(store, id) : undefined;
      if (since === undefined || now - since < limits.failingMs) return [];
      const text = `Deliveries to the webhook ${nameOf(webhook)} fail.`;
      return [{ ...about, id: `webhook.${id}.${since}`, text, time: since }];
    }),
  );
  return found.flat();
}

function nameOf({ description, host }: Webhook): string {
  return description === '' ? host : description;
}

/** What of a job is shown. */
interface Job {
  id: string;
  creator: { actor: string };
  state: string;
  endedAt?: number;
  count: number;
  failed: number;
}

/** How long a job with failures is shown, in milliseconds. */
const jobMs = 3 * 86_400_000;

/** Jobs of the caller that ended with failures. Throws Unavailable. */
export async function jobNotices(context: NoticeContext): Promise<Notice[]> {
  const { caller, now } = context;
  const jobs = await allShown(context, { collection: 'jobs', prefix: 'j.' }, async listed =>
    listed
      .map(({ body }) => body as unknown as Job)
      .filter(({ creator, failed, endedAt = 0 }) => {
        return creator.actor === caller.actor && failed > 0 && endedAt > now - jobMs;
      }),
  );
  return jobs.map(({ id, count, failed, endedAt = 0 }) => ({
    id: `job.${id}`,
    kind: 'job',
    text: `${failed} of ${count} changes of a job failed.`,
    path: `/jobs/${id}`,
    time: endedAt,
    isUrgent: false,
  }));
}
