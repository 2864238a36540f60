/** The audit log in Redis: a stream. Usher computes the hashes; a script appends the entry. */

import {
  type AuditEvent,
  type ChainedEvent,
  type ChainHead,
  chain,
  emptyChain,
  headOf,
} from '../audit.ts';
import { type AuditLog, type AuditScan, Unavailable } from '../store.ts';
import { acknowledge, recordedEvent } from './acknowledge.ts';
import type { Asker } from './ask.ts';
import { auditKey, eventKey, tokenAuditKey } from './keys.ts';
import type { RedisLimits } from './limits.ts';
import { appendScript, tokenEventsScript } from './scripts.ts';

/** The arguments that append an entry, in the order of the scripts. */
type LinkArguments = [
  previousHash: string,
  sequence: number,
  hash: string,
  entry: string,
  keepMs: number,
];

/** The audit log, and how a change appends its entry. */
export interface RedisAudit extends AuditLog {
  /**
   * Chains an event to the log's end and runs `write`, again when another process appended first.
   * Resolves to the script's reply. Throws Unavailable.
   */
  link(event: AuditEvent, write: (link: LinkArguments) => Promise<unknown>): Promise<LinkReply>;
}

/**
 * The reply of a script that appends an entry: linked, recorded, moved or gone, with its values.
 */
type LinkReply = [word: string, ...rest: (string | number)[]];

/** What appending to the log reveals. */
export interface LogNotice {
  /** Called with each entry that this process appended. */
  linked(entry: ChainedEvent): void;
  /** The log ends here, before an entry that was appended; answers whether to append all the same. */
  shorter(sequence: number): boolean;
}

const noNotice: LogNotice = { linked: () => undefined, shorter: () => true };

/** Creates the audit log. */
export function redisAudit(
  asker: Asker,
  limits: RedisLimits,
  notice: LogNotice = noNotice,
): RedisAudit {
  let known: ChainHead = emptyChain;
  let last: Promise<unknown> = Promise.resolve();

  const linkNow: RedisAudit['link'] = async (event, write) => {
    for (let attempt = 0; attempt < limits.linkAttemptsMax; attempt++) {
      const chained = chain(known, event);
      const { hash, ...entry } = chained;
      const reply = (await write([
        known.hash,
        entry.sequence,
        hash,
        JSON.stringify(entry),
        limits.eventKeepMs,
      ])) as LinkReply;
      if (reply[0] === 'linked') {
        known = headOf(chained);
        notice.linked(chained);
      }
      if (reply[0] !== 'moved') return reply;
      const isShorter = Number(reply[1]) < known.sequence;
      known = { sequence: Number(reply[1]), hash: String(reply[2]), time: Number(reply[3]) };
      if (isShorter && !notice.shorter(known.sequence)) {
        throw new Unavailable('the audit log lost entries');
      }
    }
    throw new Unavailable('the audit log moves too fast');
  };

  /** One at a time, so that this process does not compete with itself for the log's end. */
  const link: RedisAudit['link'] = (event, write) => {
    const linked = last.then(() => linkNow(event, write));
    last = linked.catch(() => undefined);
    return linked;
  };

  const note: RedisAudit['note'] = async event => {
    const keys = [auditKey, eventKey(event.id), tokenAuditKey(event.tokenId)];
    const ofToken = event.tokenId === '' ? 0 : 1;
    await link(event, entry => asker.run(appendScript, keys, [...entry, ofToken]));
  };

  return {
    link,
    async append(event) {
      await note(event);
      await acknowledge(asker, limits, recordedEvent(event));
    },
    note,
    events: scan => (scan.tokenId === undefined ? scanAll(asker, scan) : scanToken(asker, scan)),
    async head() {
      const [entry] = await asker.ask(client => client.xrevrange(auditKey, '+', '-', 'COUNT', 1));
      if (entry === undefined) return emptyChain;
      return headOf(readEntry(entry[1][1], entry[1][3]));
    },
    removeEvents: (upTo, limit) => removeEvents(asker, upTo, limit),
  };
}

async function scanAll(asker: Asker, { order, after, limit }: AuditScan): Promise<ChainedEvent[]> {
  const entries = await asker.ask(client =>
    order === 'newest'
      ? client.xrevrange(auditKey, after === undefined ? '+' : `(${after}-1`, '-', 'COUNT', limit)
      : client.xrange(auditKey, after === undefined ? '-' : `(${after}-1`, '+', 'COUNT', limit),
  );
  return entries.map(([, fields]) => readEntry(fields[1], fields[3]));
}

async function scanToken(asker: Asker, scan: AuditScan): Promise<ChainedEvent[]> {
  const { order, tokenId = '', after, limit } = scan;
  const behind = after ?? (order === 'newest' ? '+inf' : '-inf');
  const keys = [tokenAuditKey(tokenId), auditKey];
  const found = (await asker.run(tokenEventsScript, keys, [order, behind, limit])) as string[];
  const events: ChainedEvent[] = [];
  for (let i = 0; i < found.length; i += 2) events.push(readEntry(found[i], found[i + 1]));
  return events;
}

/** The index first: a token's index without an entry is short, an entry without its index is unseen. */
async function removeEvents(asker: Asker, upTo: number, limit: number): Promise<boolean> {
  const entries = await asker.ask(client =>
    client.xrange(auditKey, '-', `${upTo}-1`, 'COUNT', limit),
  );
  const events = entries.map(([, fields]) => readEntry(fields[1], fields[3]));
  const last = events.at(-1)?.sequence;
  if (last === undefined) return false;
  const tokenIds = new Set(events.map(({ tokenId }) => tokenId).filter(id => id !== ''));
  const indexes = [...tokenIds].map(id =>
    asker.ask(client => client.zremrangebyscore(tokenAuditKey(id), '-inf', last)),
  );
  await Promise.all(indexes);
  await asker.ask(client => client.xtrim(auditKey, 'MINID', `${last + 1}-0`));
  return events.length === limit;
}

function readEntry(hash: string | undefined, entry: string | undefined): ChainedEvent {
  try {
    return { ...JSON.parse(entry ?? ''), hash: hash ?? '' } as ChainedEvent;
  } catch {
    throw new Unavailable('an entry of the audit log cannot be read');
  }
}
