/** Asks Usher: in batches, within a deadline, and again elsewhere when an address is unavailable. */

import { type BackoffLimits, backoffMs } from './backoff.ts';
import type { Question } from './kept-verdicts.ts';
import type { Links } from './links.ts';
import { createSender, type Sent } from './send.ts';
import { isUnavailable, UsherUnavailable } from './unavailable.ts';
import type { Answer } from './usher-verdict.ts';

/** Bounds of asking. */
interface AskLimits {
  /** How long an answer may take, all attempts together, in milliseconds. */
  deadlineMs: number;
  /** Questions under way at once. */
  pendingMax: number;
  /** Questions in one message. */
  batchMax: number;
  /** Characters of the headers in one message, unless one alone is longer. */
  batchCharactersMax: number;
  backoff: BackoffLimits;
}

/** What asking needs. */
export interface AskDeps {
  links: Links;
  limits: AskLimits;
  clock: () => number;
  /** In [0, 1). */
  random: () => number;
}

/** Asks. */
export interface Ask {
  /** The answer; `onSend` is called before each attempt. Rejects with UsherUnavailable. */
  ask(question: Question, onSend: () => void): Promise<Answer>;
  /** Fails what is under way. */
  close(): void;
}

/** A question from when it is asked until it is answered, or its time is over. */
interface Pending extends Sent {
  onSend(): void;
  attempts: number;
  sentMs: number;
  /** Where it was sent to. */
  place: number;
}

/** Makes it. */
export function createAsk({ links, limits, clock, random }: AskDeps): Ask {
  const senders = links.all.map(link => createSender(link, { ...limits, clock }));
  const pending = new Set<(error: unknown) => void>();
  let queue: Pending[] = [];
  let closed = false;

  /** The one in use, unless it just failed to answer this question. */
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
      for (const batch of batches(there, limits)) sender.send(batch);
    }
  };
  const enqueue = (each: Pending) => {
    if (queue.push(each) === 1) soon(flush);
  };

  const ask = (question: Question, onSend: () => void) =>
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
        reject(new UsherUnavailable('the verdict cannot be known; ask again', error));
      };
      const each: Pending = {
        question,
        onSend,
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
          pause = setTimeout(() => enqueue(each), backoffMs(each.attempts, limits.backoff, random));
        },
      };
      const deadline = setTimeout(() => {
        senders[each.place]?.timedOut(each.sentMs);
        fail(new Error(`no answer within ${limits.deadlineMs} ms`));
      }, limits.deadlineMs);
      pending.add(fail);
      enqueue(each);
    });

  return {
    async ask(question, onSend) {
      if (closed) throw new UsherUnavailable('the client is closed');
      if (pending.size >= limits.pendingMax) {
        throw new UsherUnavailable('too many verifications are under way');
      }
      return await ask(question, onSend);
    },
    close() {
      closed = true;
      for (const fail of pending) fail(new Error('the client was closed'));
      for (const sender of senders) sender.close();
    },
  };
}

/** After what is under way in this turn of the event loop: all that is asked in it goes together. */
const soon: (task: () => void) => void =
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
