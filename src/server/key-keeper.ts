/**
 * Keeps the master keys of this server and its workers up to date. A key that its source newly has is first
 * only read; it writes once every live replica reads it, so that no replica finds what it cannot read.
 */

import { randomBytes } from 'node:crypto';
import type { Logger } from '../log.ts';
import type { KeySource } from '../settings/key-source.ts';
import { type MasterKey as ListedKey, Mistake } from '../settings/values.ts';
import { mismatchOf } from '../store/schema.ts';
import { type Store, StoreMismatch, Unavailable } from '../store/store.ts';
import type { Audit } from '../tokens/audit.ts';
import { uuidOf } from '../tokens/derived-uuid.ts';
import { TokenError } from '../tokens/errors.ts';
import type { KeyKeeper, KeysStatus } from '../tokens/key-custody.ts';
import type { CountKeyUse } from '../tokens/key-use.ts';
import type { KeyRing } from '../verify/key-ring.ts';
import type { MasterKey } from '../verify/master-keys.ts';
import { createRecordSeal } from '../verify/record-seal.ts';
import { degradedText, howToRotate, newKeyId, pendingText } from './key-advice.ts';
import { laggards } from './key-readers.ts';
import { removeKey } from './key-removal.ts';
import { reviewUnlisted } from './unlisted-keys.ts';

/** A running keeper. */
export interface RunningKeyKeeper extends KeyKeeper {
  /** For whom the first key waits, as far as is known. */
  waitsFor(): readonly string[];
  /** Ends it; resolves when nothing is under way. */
  close(): Promise<void>;
}

/** Times of the keeper, in milliseconds. */
interface KeyKeeperLimits {
  /** How often a file or folder is read again. */
  reloadMs: number;
  /** How often it looks at the others while a key waits. */
  lookMs: number;
  /** How long all must be seen to read a key: within it, each live replica shows itself. 0 for one server. */
  settleMs: number;
  /** How often it looks whether a key that is no longer given is needed. */
  reviewMs: number;
}

/** What it needs. */
export interface KeyKeeperDeps {
  ring: KeyRing;
  source: KeySource;
  /** The keys as the source had them at the start. */
  listed: readonly ListedKey[];
  store: Store;
  audit: Pick<Audit, 'add'>;
  countUse: CountKeyUse;
  /** Has the workers use keys; resolves to those that did not confirm it. */
  tellWorkers(keys: readonly MasterKey[]): Promise<string[]>;
  limits: KeyKeeperLimits;
  /** Milliseconds for which this process ran, since it judges others. */
  monotonicMs(): number;
  log: Logger;
  /** Shows how many keys write, are only read, and wait to write. */
  show(states: { writes: number; reads: number; waits: number }): void;
}

/** Starts it. */
export function createKeyKeeper(deps: KeyKeeperDeps): RunningKeyKeeper {
  const { ring, source, store, limits, log, monotonicMs } = deps;
  let listed = deps.listed;
  /** Workers that did not confirm the keys in use. */
  let unready: string[] = [];
  let waitsFor: string[] = [];
  let readySinceMs: number | undefined;
  /** What was wrong with the source when it was read last. */
  let sourceProblem: string | undefined;
  let unlistedProblem: string | undefined;
  let readAtMs = monotonicMs();
  let reviewedAtMs = Number.NEGATIVE_INFINITY;
  let stopped = false;

  const isListed = (id: string) => listed.some(key => key.id === id);
  const firstId = () => listed[0]?.id as string;
  const isPending = () => ring.keys.currentId !== firstId() || unready.length > 0;
  const showAll = () => {
    const waits = ring.keys.currentId === firstId() ? 0 : 1;
    deps.show({ writes: 1, reads: ring.inUse.length - 1 - waits, waits });
    store.health.degrade('keys', degradedText(sourceProblem, unlistedProblem));
  };
  const use = async (keys: readonly MasterKey[]) => {
    ring.replace(keys);
    unready = await deps.tellWorkers(ring.inUse);
  };

  /** Reads the source, and reads with what is new. Throws Mistake, and Unavailable. */
  const read = async () => {
    readAtMs = monotonicMs();
    const next = await source.read();
    if (isSame(next, listed)) return;
    const changed = next.find(({ id, bytes }) =>
      ring.inUse.some(key => key.id === id && !bytes.equals(key.bytes)),
    );
    if (changed !== undefined) {
      throw new Mistake(
        `${source.place} has another key under the id ${changed.id}, which is in use: give a new key an ` +
          'id of its own',
      );
    }
    const facts = { schema: 0, keyChecks: await store.keyChecks() };
    const mismatch = mismatchOf(facts, createRecordSeal(next));
    if (mismatch !== undefined) throw new Mistake(`${source.place}: ${mismatch}`);
    listed = next;
    readySinceMs = undefined;
    reviewedAtMs = Number.NEGATIVE_INFINITY;
    const [writer] = ring.inUse;
    const kept = ring.inUse.filter(key => key !== writer && !isListed(key.id));
    const others = next.filter(({ id }) => id !== writer?.id);
    await use([...(writer ? [writer] : []), ...others, ...kept]);
    log.info({ reads: ring.keys.ids, writes: ring.keys.currentId }, 'the keys were read again');
  };
  const readAgain = async () => {
    try {
      await read();
      sourceProblem = undefined;
    } catch (error) {
      if (!(error instanceof Mistake || error instanceof Unavailable)) throw error;
      const problem = `${error.message}; the keys read before stay in use`;
      if (problem !== sourceProblem) log.error({ problem }, 'the keys could not be read again');
      sourceProblem = problem;
    }
  };

  /** For whom the first key waits. */
  const findLaggards = async (): Promise<string[]> => {
    if (unready.length > 0) unready = await deps.tellWorkers(ring.inUse);
    if (unready.length > 0) return unready;
    if (limits.settleMs === 0) return [];
    const { replica, replicas } = await store.storeStatus();
    const id = firstId();
    return laggards(replicas, replica, id, ring.seal.keyChecks.get(id));
  };
  /** Has the first key write, if all read it. */
  const promote = async () => {
    if (!isPending()) {
      waitsFor = [];
      return;
    }
    const found = await findLaggards();
    if (found.length > 0 && found.join() !== waitsFor.join()) {
      log.warn({ key: firstId(), waitsFor: found }, 'the new master key waits');
    }
    waitsFor = found;
    if (found.length > 0) readySinceMs = undefined;
    if (found.length > 0 || ring.keys.currentId === firstId()) return;
    readySinceMs ??= monotonicMs();
    if (monotonicMs() - readySinceMs < limits.settleMs) return;
    const [id, before] = [firstId(), ring.keys.currentId];
    await store.noteKey(id);
    await use([...ring.inUse].sort((a, b) => placeOf(a) - placeOf(b)));
    await note('keys.write', `${id} instead of ${before}`);
    log.info({ writes: id }, 'another master key writes');
  };
  const placeOf = ({ id }: MasterKey) => {
    const place = listed.findIndex(key => key.id === id);
    return place === -1 ? listed.length : place;
  };
  /** One entry for all replicas. */
  const note = (action: 'keys.write' | 'keys.remove', detail: string) => {
    const id = uuidOf(`${action} ${detail} ${firstId()} ${ring.seal.keyChecks.get(firstId())}`);
    return deps.audit.add({ action, actor: '', peer: '', detail, id });
  };

  /** Lets go of keys that the source lacks and nothing needs. */
  const review = async () => {
    if (isPending() || monotonicMs() - reviewedAtMs < limits.reviewMs) return;
    const found = await reviewUnlisted(store, deps.countUse, ring.keys.ids, isListed);
    if (found === undefined) return;
    reviewedAtMs = monotonicMs();
    const { unneeded, problem } = found;
    if (problem !== undefined && problem !== unlistedProblem) {
      log.warn({ problem }, 'a master key is missing');
    }
    unlistedProblem = problem;
    if (unneeded.length === 0) return;
    const left = ring.inUse.filter(({ id }) => !unneeded.includes(id));
    if (left.length < ring.inUse.length) await use(left);
    await note('keys.remove', unneeded.join(', '));
    log.info({ removed: unneeded }, 'master keys on which nothing depends are no longer used');
  };

  const report = (error: unknown) => log.error({ error }, 'looking after the master keys failed');
  const look = async () => {
    try {
      await promote();
      await review();
    } catch (error) {
      // The next look tries again.
      if (error instanceof StoreMismatch) sourceProblem = error.message;
      else if (!(error instanceof Unavailable)) report(error);
    }
    showAll();
  };
  const isPolled = source.kind === 'file' || source.kind === 'folder';
  let underway: Promise<void> = Promise.resolve();
  /** One after the other. */
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const result = underway.then(task);
    underway = result.then(ignore, ignore);
    return result;
  };
  let timer: NodeJS.Timeout | undefined;
  const again = () => {
    clearTimeout(timer);
    if (stopped) return;
    const pauseMs = isPending() ? Math.min(limits.lookMs, limits.reloadMs) : limits.reloadMs;
    timer = setTimeout(() => {
      const isDue = isPolled && monotonicMs() - readAtMs >= limits.reloadMs;
      void inTurn(async () => {
        if (isDue) await readAgain();
        await look();
      })
        .catch(report)
        .finally(again);
    }, pauseMs).unref();
  };
  void inTurn(look).finally(again);
  const reload = async () => {
    reviewedAtMs = Number.NEGATIVE_INFINITY;
    await readAgain();
    await look();
    if (sourceProblem !== undefined) throw new TokenError('FAILED_PRECONDITION', sourceProblem);
  };

  const demandSettled = () => {
    if (isPending()) throw new TokenError('FAILED_PRECONDITION', pendingText(firstId(), waitsFor));
  };

  return {
    async status() {
      const { replicas } = await store.storeStatus();
      const problem = sourceProblem ?? unlistedProblem;
      return {
        source: source.place,
        keys: [...ring.inUse]
          .sort((a, b) => placeOf(a) - placeOf(b))
          .map(({ id }) => ({
            id,
            writes: id === ring.keys.currentId,
            isListed: isListed(id),
          })),
        replicas: replicas.flatMap(({ replica, time, keys }): KeysStatus['replicas'] =>
          keys === undefined
            ? []
            : [{ replica, time, reads: Object.keys(keys.reads), writes: keys.writes }],
        ),
        waitsFor: isPending() && waitsFor.length === 0 ? ['all replicas to show it'] : waitsFor,
        ...(problem === undefined ? {} : { problem }),
      };
    },
    reload: () => inTurn(reload).finally(again),
    rotate: () =>
      inTurn(async () => {
        if (source.add === undefined) {
          throw new TokenError('FAILED_PRECONDITION', howToRotate(source));
        }
        await reload();
        demandSettled();
        const known = [...ring.keys.ids, ...(await store.keyChecks()).keys()];
        const key = { id: newKeyId(known), bytes: randomBytes(32) };
        try {
          await source.add(key, listed);
        } catch (error) {
          if (!(error instanceof Mistake)) throw error;
          throw new TokenError('FAILED_PRECONDITION', `${error.message}; ${howToRotate(source)}`);
        }
        await reload();
        return key.id;
      }).finally(again),
    remove: id =>
      inTurn(async () => {
        await reload();
        demandSettled();
        await removeKey(id, listed, deps);
        await reload();
      }).finally(again),
    waitsFor: () => waitsFor,
    async close() {
      stopped = true;
      clearTimeout(timer);
      await underway;
    },
  };
}

const ignore = () => undefined;

function isSame(one: readonly ListedKey[], other: readonly ListedKey[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ id, bytes }, n) => id === other[n]?.id && bytes.equals(other[n].bytes))
  );
}
