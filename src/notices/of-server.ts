/** Notices of what the server knows about itself and its store. */

import type { Degradable } from '../store/health.ts';
import type { Caller } from '../tokens/caller.ts';
import type { Notice, NoticesDeps } from './notices.ts';

/** What the notices of the store say already. */
const ofStore: ReadonlySet<Degradable> = new Set(['lost']);

/** Nothing for callers with owners. Never rejects. */
export async function serverNotices(deps: NoticesDeps, caller: Caller): Promise<Notice[]> {
  if (caller.owners !== undefined) return [];
  const path = '/status';
  const { problem, lost } = await deps.store.storeStatus();
  const notices: Notice[] = [];
  if (problem !== undefined) {
    const text = `Nothing that is read from the store is used: ${problem}.`;
    notices.push({ id: 'store.problem', kind: 'store', text, path, isUrgent: true });
  }
  if (lost.length > 0) {
    const changes = lost.length === 1 ? 'a change' : `${lost.length} changes`;
    const text = `The store lost ${changes}. Look at \`usher store status\`, then accept it.`;
    const last = lost.at(-1);
    notices.push({
      ...{ id: `store.lost.${last?.sequence ?? 0}`, kind: 'store', text, path, isUrgent: true },
      ...(last && { time: last.time }),
    });
  }
  for (const { what, detail } of deps.health.degraded) {
    if (ofStore.has(what)) continue;
    const text = `${words[what]}: ${detail}.`;
    notices.push({
      id: `server.${what}`,
      kind: 'server',
      text,
      path,
      isUrgent: what === 'changes',
    });
  }
  return notices;
}

const words: Record<Degradable, string> = {
  changes: 'Access tokens cannot be changed',
  feed: 'Invalidations do not arrive',
  stale: 'Verdicts rest on old records',
  masters: 'Not all masters of the store answer',
  clock: 'The clocks differ',
  lost: 'The store lost changes',
  limits: 'Counts of limits are not shared',
  certificate: 'A certificate needs attention',
  keys: 'The master keys need attention',
};
