/** Sends questions in batches, with a deadline and retries at the next address. */

import { tlsFault } from '../tls/fault.ts';
import { type BackoffLimits, backoffMs } from './backoff.ts';
import type { Links } from './links.ts';
import { createSender, type Sent } from './send.ts';
import { isUnavailable, UsherUnavailable, unavailableText } from './unavailable.ts';
import type { Answer } from './usher-verdict.ts';
import type { Question } from './verdict-cache.ts';

/** Limits of asking. */
interface AskLimits {
  /** How long an answer may take, including retries, in milliseconds. */
  deadlineMs: number;
  /** Most pending questions. */
  pendingMax: number;
  /** Most questions in one message. */
  batchMax: number;
  /** Most characters of all headers in one message; a longer header is sent alone. */
  batchCharactersMax: number;
  /** Pauses between attempts. */
  backoff: BackoffLimits;
}

/** What asking needs. */
export interface AskDeps {
  links: Links;
  limits: AskLimits;
  /** Milliseconds since an arbitrary time. */
  clock: () => number;
  /** In [0, 1). */
  random: () => number;
}

/** Sends questions. */
export interface Ask {
  /**
   * Resolves to the answer; calls `onSend` before each attempt, and sends `trace` with it. Rejects with
   * UsherUnavailable.
   */
  ask(question: Question, onSend: () => void, trace?: Headers): Promise<Answer>;
  /** Fails pending questions. */
  close(): void;
}

/** A question until its answer or deadline. */
interface Pending extends Sent {
  onSend(): void;
  attempts: number;
  sentMs: number;
  /** The index of the link of the last attempt; -1 before the first. */
  place: number;
}

/** Creates a sender for each link and distributes the questions. */
export function createAsk({ links, limits, clock, random }: AskDeps): Ask {
  const senders = links.all.map(link => createSender(link, { ...limits, clock }));
  const pending = new Set<(error: unknown) => void>();
  let queue: Pending[] = [];
  let closed = false;

  /** The link in use, or the next one if that just failed to answer this question. */
  const placeOf = ({ place }: Pending) => {
    const current = links.current();
    return place === current ? (place + 1) % senders.length : current;
  };
  const flush = () => {
    const waiting = queue;
    queue = [];
    const now = clock();
    for (const each of waiting) {
      each.place = placeOf(each);
      each.sentMs = now;
      each.onSend();
    }
    for (const [place, sender] of senders.entries()) {
      const there = waiting.filter(each => each.place === place);
      const plain: Pending[] = [];
      for (const each of there) {
        // A trace is passed on by the headers of a call: one question each.
        if (each.trace === undefined) plain.push(each);
        else sender.send([each]);
      }
      for (const batch of batches(plain, limits)) sender.send(batch);
    }
  };
  const enqueue = (each: Pending) => {
    if (queue.push(each) === 1) soon(flush);
  };

  const ask = (question: Question, onSend: () => void, trace: Headers | undefined) =>
    new Promise<Answer>((resolve, reject) => {
      let pause: ReturnType<typeof setTimeout> | undefined;
      const finish = () => {
        clearTimeout(deadline);
        clearTimeout(pause);
        pending.delete(fail);
        const at = queue.indexOf(each);
        if (at !== -1) queue.splice(at, 1);
      };
      const fail = (error: unknown) => {
        finish();
        reject(new UsherUnavailable(unavailableText(error, links.all[each.place]), error));
      };
      const each: Pending = {
        question,
        onSend,
        trace,
        attempts: 0,
        sentMs: Number.NEGATIVE_INFINITY,
        place: -1,
        answered(answer) {
          finish();
          resolve(answer);
        },
        failed(error) {
          if (!pending.has(fail)) return;
          if (!isUnavailable(error)) return fail(error);
          each.attempts++;
          // Another address may have a good certificate; the same one has the same.
          if (tlsFault(error) !== undefined && each.attempts >= links.all.length)
            return fail(error);
          pause = setTimeout(() => enqueue(each), backoffMs(each.attempts, limits.backoff, random));
        },
      };
      const giveUp = () => {
        if (!pending.has(fail)) return;
        senders[each.place]?.timedOut(each.sentMs);
        fail(new Error(`no answer within ${limits.deadlineMs} ms`));
      };
      // After a stall of this process the timer fires before an answer that has arrived is read.
      const deadline = setTimeout(() => soon(giveUp), limits.deadlineMs);
      pending.add(fail);
      enqueue(each);
    });

  return {
    async ask(question, onSend, trace) {
      if (closed) throw new UsherUnavailable('the client is closed');
      if (pending.size >= limits.pendingMax) {
        throw new UsherUnavailable('too many verifications are in progress');
      }
      return await ask(question, onSend, trace);
    },
    close() {
      closed = true;
      for (const fail of pending) fail(new Error('the client was closed'));
      for (const sender of senders) sender.close();
    },
  };
}

/**
 * Runs a task after the input of this event loop turn: questions of one turn form one batch, and an
 * answer is read before its deadline is judged.
 */
export const soon: (task: () => void) => void =
  (globalThis as { setImmediate?: (task: () => void) => void }).setImmediate ??
  (task => void setTimeout(task, 0));

function* batches(all: Pending[], { batchMax, batchCharactersMax }: AskLimits) {
  let batch: Pending[] = [];
  let characters = 0;
  for (const each of all) {
    const { length } = each.question.header;
    if (
      batch.length >= batchMax ||
      (batch.length > 0 && characters + length > batchCharactersMax)
    ) {
      yield batch;
      batch = [];
      characters = 0;
    }
    batch.push(each);
    characters += length;
  }
  if (batch.length > 0) yield batch;
}
