/** Sends batches of questions to one address, over one stream if it supports that, or by calls. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import type { StreamVerifyRequestSchema } from '../gen/usher/v1/verifier_pb.ts';
import type { UsherLink } from './links.ts';
import { brokenConnection } from './unavailable.ts';
import { type Answer, answerOf } from './usher-verdict.ts';
import type { Question } from './verdict-cache.ts';

/** A question that is being sent, with its callbacks. */
export interface Sent {
  question: Question;
  /** The headers that pass its trace on; such a question is sent alone. */
  trace: Headers | undefined;
  /** Called with the answer. */
  answered(answer: Answer): void;
  /** Called with the transport's error. */
  failed(error: unknown): void;
}

/** Sends questions to one address. */
export interface Sender {
  /** Sends questions in one message. */
  send(batch: readonly Sent[]): void;
  /** A question sent at that time got no answer; a stream without any answer since is replaced. */
  timedOut(sentMs: number): void;
  /** Fails pending questions and closes the stream. */
  close(): void;
}

/** What sending needs. */
export interface SenderDeps {
  /** How long a call may take, in milliseconds. */
  deadlineMs: number;
  /** Milliseconds since an arbitrary time. */
  clock: () => number;
}

/** Creates the sender for a link. */
export function createSender(link: UsherLink, deps: SenderDeps): Sender {
  const byCalls = batchSender(link, deps);
  if (!link.streams) return byCalls;
  const byStream = streamSender(link, deps);
  return {
    send: batch => (batch[0]?.trace === undefined ? byStream : byCalls).send(batch),
    timedOut: byStream.timedOut,
    close() {
      byStream.close();
      byCalls.close();
    },
  };
}

const requestOf = ({ header, audience, scopes, source }: Question) => ({
  header,
  audience,
  requiredScopes: [...scopes],
  source,
});

/** How much longer than the deadline a call may stay open, in milliseconds. */
const lingerMs = 1000;

function batchSender({ client }: UsherLink, { deadlineMs }: SenderDeps): Sender {
  const closing = new AbortController();
  const call = async (batch: readonly Sent[]) => {
    const requests = batch.map(({ question }) => requestOf(question));
    // The deadline is judged in ask.ts; this only ends a call that stays open. A timer of the call
    // itself would fire before an answer is read that arrived during a stall of this process.
    const headers = batch[0]?.trace;
    const options = {
      ...{ timeoutMs: deadlineMs + lingerMs, signal: closing.signal },
      ...(headers && { headers }),
    };
    const { responses, instance } = await client.batchVerify({ requests }, options);
    for (const [at, { answered, failed }] of batch.entries()) {
      const response = responses[at];
      if (response === undefined) failed(brokenConnection());
      else answered(answerOf(response, instance));
    }
  };
  return {
    send(batch) {
      call(batch).catch(error => {
        for (const { failed } of batch) failed(error);
      });
    },
    timedOut() {},
    close: () => closing.abort(),
  };
}

type Message = MessageInitShape<typeof StreamVerifyRequestSchema>;

/** An open stream. */
interface Stream {
  push(message: Message): void;
  waiting: Map<bigint, Sent>;
  answeredMs: number;
  abort: AbortController;
}

function streamSender({ client, reset }: UsherLink, { clock }: SenderDeps): Sender {
  let open: Stream | undefined;
  let lastId = 0n;

  const read = async (stream: Stream, messages: AsyncIterable<Message>) => {
    let instance = '';
    try {
      const { signal } = stream.abort;
      for await (const message of client.streamVerify(messages, { signal })) {
        stream.answeredMs = clock();
        instance ||= message.instance;
        for (const { id, outcome } of message.items) {
          const sent = stream.waiting.get(id);
          stream.waiting.delete(id);
          if (outcome.case === 'response') sent?.answered(answerOf(outcome.value, instance));
          else sent?.failed(brokenConnection());
        }
      }
      throw brokenConnection();
    } catch (error) {
      if (open === stream) open = undefined;
      for (const { failed } of stream.waiting.values()) failed(error);
      stream.waiting.clear();
    }
  };

  const start = () => {
    const { push, messages } = createQueue();
    const abort = new AbortController();
    const stream = { push, waiting: new Map(), answeredMs: Number.NEGATIVE_INFINITY, abort };
    void read(stream, messages(abort.signal));
    return stream;
  };

  return {
    send(batch) {
      open ??= start();
      const items = batch.map(sent => {
        const id = ++lastId;
        open?.waiting.set(id, sent);
        return { id, request: requestOf(sent.question) };
      });
      open.push({ items });
    },
    timedOut(sentMs) {
      if (open === undefined || open.answeredMs >= sentMs) return;
      open.abort.abort(brokenConnection());
      reset();
    },
    close: () => open?.abort.abort(brokenConnection()),
  };
}

/** A queue that the stream reads from; the limit of pending questions bounds it. */
function createQueue() {
  const queued: Message[] = [];
  let wake = () => {};
  return {
    push(message: Message) {
      queued.push(message);
      wake();
    },
    async *messages(signal: AbortSignal): AsyncGenerator<Message> {
      signal.addEventListener('abort', () => wake(), { once: true });
      while (!signal.aborted) {
        const message = queued.shift();
        if (message !== undefined) {
          yield message;
          continue;
        }
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
    },
  };
}
