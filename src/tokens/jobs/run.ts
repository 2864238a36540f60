/**
 * Works on one job, under a lease that this process renews: counts what it selects, acts on it chunk by
 * chunk, and ends it. Whatever another process did before is repeated without effect, since each act has
 * a request id that follows from the job.
 */

import { Unavailable } from '../../store/store.ts';
import { adminScope, type Caller, writeScope } from '../caller.ts';
import type { JobBook, Written } from './book.ts';
import { countFailures, ended, forgetSecrets, tally } from './change-job.ts';
import { jobEvent } from './event.ts';
import { hasEnded, type Job, type Outcome } from './job.ts';
import type { RunDeps } from './run-deps.ts';
import { select } from './select.ts';

/** Thrown when another process has the job. */
class Lost extends Error {}

/** Thrown when this process stops. */
class Closing extends Error {}

/** Thrown when what the job does must end early, with the reason as the message. */
class EndsEarly extends Error {}

/** Works on a job until it ends, waits for its start, or is another process's. Throws Unavailable. */
export async function runJob(deps: RunDeps, id: string): Promise<void> {
  const run = new Run(deps);
  try {
    await run.work(id);
  } catch (error) {
    if (error instanceof Closing) await run.release();
    else if (!(error instanceof Lost)) throw error;
  }
}

const revokedText = 'the caller that created the job may no longer change access tokens';
const canceledText = 'it was canceled';
const tooLongText = 'it was interrupted for too long; what is left can be selected for another job';

class Run {
  readonly #deps: RunDeps;
  #held!: Written;
  #beatAt = 0;
  constructor(deps: RunDeps) {
    this.#deps = deps;
  }

  async work(id: string): Promise<void> {
    const { book, limits, now, self } = this.#deps;
    const found = await book.read(id);
    // It is marked as open first, and then written.
    if (found === undefined) return await book.dropOrphan(id);
    const { job } = found;
    if (hasEnded(job)) return await this.#clean(job);
    const isOver = job.state === 'ready' && now() >= job.startBefore;
    if (job.state === 'ready' && job.cancel === undefined && !isOver) return;
    if (job.lease !== undefined && job.lease.by !== self && job.lease.until > now()) return;
    const lease = { by: self, until: now() + limits.leaseMs };
    const held = await book.write(found, { ...job, lease });
    if (held === undefined) return;
    this.#held = held;
    if (isOver) await this.#end('canceled', 'it was not started in time');
    else if (job.cancel !== undefined && job.startedAt === undefined) {
      await this.#end('canceled', canceledText);
    } else await this.#proceed();
  }

  get #job(): Job {
    return this.#held.job;
  }

  async #proceed(): Promise<void> {
    if (this.#job.state === 'counting' && !(await this.#count())) return;
    if (this.#job.state !== 'running') return;
    while (this.#job.next < this.#job.chunks) {
      const stop = await this.#chunk();
      if (stop !== undefined) return await this.#end(...stop);
    }
    await this.#end('done');
  }

  /** Counts the selection; false when that ended the job. */
  async #count(): Promise<boolean> {
    const { book, limits, now, store } = this.#deps;
    const { query, createdAt, creator } = this.#job;
    const caller = await this.#caller();
    if (caller === undefined) {
      await this.#end('failed', revokedText);
      return false;
    }
    const attempt = Math.random().toString(36).slice(2, 10).padEnd(8, '0');
    const target = { ...this.#job, attempt };
    let [examined, count, leftOut, chunks] = [0, 0, 0, 0];
    let ids: string[] = [];
    let isOwn = false;
    const flush = async (sizeMin: number) => {
      while (ids.length >= sizeMin && ids.length > 0) {
        await book.addChunk(target, chunks++, ids.slice(0, limits.chunkSize));
        ids = ids.slice(limits.chunkSize);
      }
    };
    for await (const step of query === undefined ? [] : select(store, caller, query, createdAt)) {
      examined += step.examined;
      leftOut += step.leftOut;
      count += step.ids.length;
      // The caller's own comes last: without it, the job would lose its rights in the midst.
      isOwn ||= step.ids.includes(creator.actor);
      ids.push(...step.ids.filter(id => id !== creator.actor));
      await flush(limits.chunkSize);
      await this.#beat({ examined, count, leftOut });
      if (this.#deps.isClosing()) throw new Closing();
      if (this.#job.cancel !== undefined) {
        await this.#end('canceled', canceledText);
        return false;
      }
      if (count > limits.tokensMax) {
        await this.#end('failed', `it selects more than ${limits.tokensMax} access tokens`);
        return false;
      }
    }
    if (isOwn) ids.push(creator.actor);
    await flush(1);
    const { query: _, ...rest } = this.#job;
    const counted = { ...rest, attempt, examined, count, leftOut, chunks };
    const startBefore = now() + limits.startMs;
    if (!counted.startsAtOnce) {
      // Without the lease: from here on, its creator may start it.
      await this.#write({ ...counted, state: 'ready', startBefore }, undefined, false);
    } else {
      const started: Job = { ...counted, state: 'running', startedAt: now() };
      await this.#write(started, jobEvent('job.start', started, started.creator, now()));
    }
    return true;
  }

  /** Acts on the next chunk; resolves to the end of the job when it has to end early. */
  async #chunk(): Promise<[state: 'canceled' | 'failed', reason: string] | undefined> {
    const { book } = this.#deps;
    const n = this.#job.next;
    const ids = await book.chunk(this.#job, n);
    const outcomes = new Map<string, Outcome>();
    const stop = await this.#acts(ids, outcomes);
    if (stop !== undefined) await this.#recall(ids, outcomes);
    const all = [...outcomes.values()];
    const failures = all.flatMap(each =>
      each.failure === undefined ? [] : [[each.id, each.failure] as [string, string]],
    );
    const secrets = all.flatMap(each => ('secret' in each && each.secret ? [each.secret] : []));
    await book.addSecrets(this.#job, n, secrets);
    await book.addFailures(this.#job, n, failures);
    const { done, failed, failures: before } = this.#job;
    await this.#write({
      ...this.#job,
      next: n + 1,
      done: done + all.length - failures.length,
      failed: failed + failures.length,
      failures: countFailures(before, failures),
      underway: { done: 0, failed: 0 },
      secrets: this.#job.secrets + secrets.length,
    });
    return stop;
  }

  /** Acts, some at a time; resolves to why it stopped before the end. */
  async #acts(
    ids: readonly string[],
    outcomes: Map<string, Outcome>,
  ): Promise<[state: 'canceled' | 'failed', reason: string] | undefined> {
    const { limits, now, turn } = this.#deps;
    const underway = new Set<Promise<void>>();
    let failure: { error: unknown } | undefined;
    const launch = (id: string) => {
      const work = this.#act(id)
        .then(outcome => void outcomes.set(id, outcome))
        .catch(error => {
          failure ??= { error };
        })
        .finally(() => underway.delete(work));
      underway.add(work);
    };
    let stop: [state: 'canceled' | 'failed', reason: string] | undefined;
    for (const id of ids) {
      if (this.#deps.isClosing()) failure ??= { error: new Closing() };
      do {
        await this.#beat({ underway: tally(outcomes) });
      } while (failure === undefined && this.#job.cancel === undefined && !(await turn(this.#job)));
      stop =
        this.#job.cancel !== undefined
          ? ['canceled', canceledText]
          : now() > (this.#job.startedAt ?? 0) + limits.runMs
            ? ['failed', tooLongText]
            : undefined;
      if (stop !== undefined || failure !== undefined) break;
      // The caller's own access token waits for the others: it may end the caller's rights.
      if (id === this.#job.creator.actor) await Promise.all(underway);
      launch(id);
      while (underway.size >= limits.actsAtOnce) await Promise.race(underway);
    }
    while (underway.size > 0) {
      await Promise.race([...underway]);
      await this.#beat({ underway: tally(outcomes) });
    }
    if (failure === undefined) return stop;
    if (failure.error instanceof EndsEarly) return ['failed', failure.error.message];
    throw failure.error;
  }

  async #act(id: string): Promise<Outcome> {
    const caller = await this.#caller();
    if (caller === undefined) throw new EndsEarly(revokedText);
    try {
      return await this.#deps.acting.act(caller, this.#job, id);
    } catch (error) {
      if (error instanceof Unavailable) throw error;
      this.#deps.onBug(error);
      return { id, failure: 'internal error' };
    }
  }

  /** Adds what was done to the rest of a chunk, by a process that did not write it down. */
  async #recall(ids: readonly string[], outcomes: Map<string, Outcome>): Promise<void> {
    for (const id of ids) {
      if (outcomes.has(id)) continue;
      const outcome = await this.#deps.acting.recall(this.#job, id);
      if (outcome !== undefined) outcomes.set(id, outcome);
      await this.#beat({ underway: tally(outcomes) });
    }
  }

  /** The present rights of the job's creator; undefined when it may no longer change anything. */
  async #caller(): Promise<Caller | undefined> {
    const { creator, letInAt } = this.#job;
    const caller = await this.#deps.currentCaller(creator.actor, creator.peer, letInAt);
    const mayWrite = caller?.scopes.some(scope => scope === adminScope || scope === writeScope);
    return mayWrite ? caller : undefined;
  }

  /** Ends the job, and removes the mark that there is something to do. */
  async #end(state: 'done' | 'canceled' | 'failed', reason?: string): Promise<void> {
    const { limits, now } = this.#deps;
    const job = ended(this.#job, { state, reason, at: now(), secretsMs: limits.secretsMs });
    const by = state === 'canceled' && job.cancel ? job.cancel : job.creator;
    const action = state === 'canceled' ? 'job.cancel' : 'job.end';
    await this.#write(job, jobEvent(action, job, by, now()), false);
    await this.#clean(job);
  }

  /** Removes the secrets of an ended job in time, and then the mark that there is something to do. */
  async #clean({ id, secrets, secretsUntil = 0 }: Job): Promise<void> {
    const { book, now } = this.#deps;
    if (secrets > 0) {
      if (secretsUntil > now()) return;
      const found = await book.read(id);
      if (found !== undefined) await forgetSecrets(book, found);
    }
    await book.setOpen(id, false);
  }

  /** Lets another process go on at once. */
  async release(): Promise<void> {
    await this.#write(this.#job, undefined, false).catch(error => {
      if (!(error instanceof Lost)) throw error;
    });
  }

  /** Renews the lease, and writes the progress, when that is due. */
  async #beat(progress: Partial<Job>): Promise<void> {
    if (this.#deps.monotonicMs() - this.#beatAt < this.#deps.limits.beatMs) return;
    await this.#write({ ...this.#job, ...progress });
  }

  /** Writes the job with the lease; again when a caller canceled it in between. */
  async #write(job: Job, event?: Parameters<JobBook['write']>[2], keeps = true): Promise<void> {
    const { book, limits, now, self, monotonicMs } = this.#deps;
    let next = job;
    for (;;) {
      const { lease: _, ...rest } = next;
      const lease = keeps ? { lease: { by: self, until: now() + limits.leaseMs } } : {};
      const written = await book.write(this.#held, { ...rest, ...lease }, event);
      if (written !== undefined) {
        this.#held = written;
        this.#beatAt = monotonicMs();
        return;
      }
      const fresh = await book.read(job.id);
      const isOthers = fresh?.job.lease !== undefined && fresh.job.lease.by !== self;
      if (fresh === undefined || isOthers || hasEnded(fresh.job)) throw new Lost();
      this.#held = fresh;
      if (fresh.job.cancel !== undefined) next = { ...next, cancel: fresh.job.cancel };
    }
  }
}
