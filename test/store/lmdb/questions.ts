/** A store whose file is the same for the same seed, and questions to it with their right answers. */

import { createHash } from 'node:crypto';
import { type ChainedEvent, linkHash } from '../../../src/store/audit.ts';
import { openLmdb } from '../../../src/store/lmdb/store.ts';
import { type Change, type Store, Unavailable } from '../../../src/store/store.ts';
import { importedDigest } from '../../../src/verify/imported.ts';
import { makeStaticToken } from '../../../src/verify/static-token.ts';
import { defaultLimits } from '../../limits.ts';
import { createRandom, type Random } from '../../model/random.ts';
import { testSeal } from '../../seal.ts';
import { jwtRecord, keys, now, nowMs, sign, staticRecord } from '../../verify/setup.ts';
import { creation, revocation, update } from '../changes.ts';

/** What is asked, of what, and the one answer beside "unavailable" that is not wrong. */
export interface StoreQuestion {
  about:
    | 'verdict'
    | 'request'
    | 'session'
    | 'scan'
    | 'owner'
    | 'expiry'
    | 'log'
    | 'log of'
    | 'document'
    | 'documents';
  of: string;
  right: string;
}

/** How the questions are answered when nothing is damaged. */
export const openForQuestions = (folder: string): Store =>
  openLmdb(folder, { now: () => nowMs, seal: testSeal, limits: defaultLimits.store.lmdb });

const tokenCount = 90;

/** Fills a folder, and resolves to the questions. */
export async function fillForQuestions(folder: string, seed: number): Promise<StoreQuestion[]> {
  const random = createRandom(seed);
  const store = openForQuestions(folder);
  const questions: StoreQuestion[] = [];
  const ask = (about: StoreQuestion['about'], of: string, right: unknown) =>
    void questions.push({ about, of, right: String(right) });
  const ids: string[] = [];
  const owned: string[] = [];
  const people: string[] = [];
  const logs = new Map<string, number[]>();
  let sequence = 0;
  const commit = async (change: Change) => {
    // Not those of creation() and update(), which are random.
    change.event.id = uuidOf(random);
    change.record.eventId = change.event.id;
    await store.commit(change);
    sequence++;
    logs.set(change.record.id, [...(logs.get(change.record.id) ?? []), sequence]);
    return change.record;
  };
  for (let n = 0; n < tokenCount; n++) {
    const { record, header, digest } = credentialOf(n, random);
    if (n % 2 === 0) Object.assign(record, { owner: 'ann' });
    if (n % 3 === 0) Object.assign(record, { expiresAt: nowMs + 1000 * n + 1000 });
    if (digest !== undefined) {
      await store.reserveImported(['sha256/k1/*'], [{ digest, tokenId: record.id }]);
    }
    const made = creation(record);
    const key = `admin:${uuidOf(random)}`;
    const { id: tokenId } = record;
    const until = { replyUntil: nowMs + 1000, keepUntil: nowMs + 100_000 + n };
    made.request = { key, digest: 'digest', tokenId, ...until };
    ask('request', key, tokenId);
    const renamed = await commit(update(await commit(made), { name: `token ${n}` }));
    const isRevoked = n % 4 === 1;
    if (isRevoked) await commit(revocation(renamed));
    const session = uuidOf(random);
    await store.endSession(session, nowMs + 50_000 + n);
    ask('session', session, true);
    ask('verdict', header, isRevoked ? 'REVOKED' : 'valid');
    const id = uuidOf(random);
    const body = { name: `person ${n}` };
    await store.changeDocument({ collection: 'people', id, before: 0, body: {} });
    await store.changeDocument({ collection: 'people', id, before: 1, body });
    people.push(id);
    ask('document', id, JSON.stringify(body));
    ids.push(tokenId);
    if (record.owner !== undefined) owned.push(tokenId);
  }
  for (let n = 0; n < 5; n++) {
    ask('verdict', `Bearer ${staticTokenOf(uuidOf(random), random)}`, 'INVALID_TOKEN');
    ask('verdict', `Bearer unknown-token-${n}`, 'INVALID_TOKEN');
    ask('session', uuidOf(random), false);
    ask('request', uuidOf(random), undefined);
    ask('document', uuidOf(random), undefined);
  }
  ask('documents', '', people.toSorted());
  ids.sort();
  owned.sort();
  ask('scan', 'oldest', ids);
  ask('scan', 'newest', ids.toReversed());
  ask('owner', 'ann', owned);
  ask('expiry', '', await answerTo(store, { about: 'expiry', of: '' }, async () => ''));
  const all = Array.from({ length: sequence }, (_, n) => n + 1);
  ask('log', 'oldest', all);
  ask('log', 'newest', all.toReversed());
  for (const id of ids.slice(0, 20)) ask('log of', id, logs.get(id));
  await store.close();
  return questions;
}

/** The answer of a store; rejects with Unavailable. */
export async function answerTo(
  store: Store,
  { about, of }: Pick<StoreQuestion, 'about' | 'of'>,
  verdictOn: (header: string) => Promise<string>,
): Promise<string> {
  if (about === 'verdict') return await verdictOn(of);
  if (about === 'request') return String((await store.findRequest(of))?.tokenId);
  if (about === 'session') return String(await store.isSessionEnded(of));
  if (about === 'document')
    return String(JSON.stringify((await store.document('people', of))?.body));
  if (about === 'documents') {
    const all = await store.documents({ collection: 'people', limit: 1000 });
    return String(all.map(({ id }) => id));
  }
  if (about === 'log' || about === 'log of') {
    const order = of === 'newest' ? 'newest' : 'oldest';
    const tokenId = about === 'log of' ? { tokenId: of } : {};
    const entries = await store.events({ order, limit: 10_000, ...tokenId });
    if (about === 'log') await prove(store, order === 'newest' ? entries.toReversed() : entries);
    return String(entries.map(entry => entry.sequence));
  }
  const order = about === 'expiry' ? 'expiry' : of === 'newest' ? 'newest' : 'oldest';
  const owner = about === 'owner' ? { owner: of } : {};
  const ids: string[] = [];
  for (let after: string | undefined = ''; after !== undefined; ) {
    const from: { after?: string } = after === '' ? {} : { after };
    const page = await store.scan({ order, limit: 40, ...owner, ...from });
    ids.push(...page.records.map(({ id }) => id));
    after = page.cursor;
  }
  return String(ids);
}

/** What is missing in the log shows, as in `usher audit verify`. */
async function prove(store: Store, entries: readonly ChainedEvent[]): Promise<void> {
  let last = '0'.repeat(64);
  const isWhole = entries.every(({ hash, ...entry }) => {
    const isNext = hash === linkHash(last, entry);
    last = hash;
    return isNext;
  });
  if (!isWhole || (await store.head()).hash !== last) throw new Unavailable('the log is not whole');
}

/** One in three is a JWT, one an imported token, and one Usher's own. */
function credentialOf(n: number, random: Random) {
  const id = uuidOf(random);
  const createdAt = 1;
  if (n % 3 === 0) {
    // A sealed secret has a random nonce; its length is what shapes the file.
    const record = jwtRecord({ id });
    return { record, header: `Bearer ${sign({ alg: 'HS256', kid: id }, { exp: now + 60 })}` };
  }
  if (n % 3 === 1) {
    const token = `imported-${uuidOf(random)}`;
    const hash = createHash('sha256').update(token).digest();
    const value = keys.hashImported(hash, 'k1').toString('base64url');
    const secrets = [{ masterKeyId: 'k1', value, hashed: 'sha256' as const, createdAt }];
    const { record } = staticRecord({ id, secrets });
    return { record, header: `Bearer ${token}`, digest: importedDigest(keys, hash, 'k1') };
  }
  const token = staticTokenOf(id, random);
  const value = keys.hash(token, 'k1').toString('base64url');
  const { record } = staticRecord({ id, secrets: [{ masterKeyId: 'k1', value, createdAt }] });
  return { record, header: `Bearer ${token}` };
}

function staticTokenOf(id: string, random: Random): string {
  return makeStaticToken(id, bytesOf(random, 32));
}

function uuidOf(random: Random): string {
  const hex = Buffer.from(bytesOf(random, 16)).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function bytesOf(random: Random, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => random.between(0, 256));
}
