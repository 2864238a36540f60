/** A streaming call in progress: messages in, messages out, each no faster than the other side reads. */

import type { DescMethod } from '@bufbuild/protobuf';
import type { TraceIds } from '../../tracing/tracing.ts';
import { encode } from '../codec/encode.ts';
import { framesOf } from '../codec/encoded-cache.ts';
import { errorCodes } from '../h2/frame.ts';
import { headBytesOf, valuesOf } from '../h2/request-rules.ts';
import type { H2Stream } from '../h2/stream.ts';
import type { Call, Door } from '../rpc/call.ts';
import type { Watched } from '../rpc/deadlines.ts';
import { failureOf, type OnBug } from '../rpc/failure.ts';
import type { BidiStreaming, ServerStreaming } from '../rpc/handlers.ts';
import { type HeldRequest, type RequestBytes, tooManyBytes } from '../rpc/request-bytes.ts';
import { requestIdOf } from '../rpc/request-id.ts';
import { Requests } from '../rpc/requests.ts';
import { type CodeName, deadlineText, RpcError, shuttingDownText } from '../rpc/rpc-error.ts';
import {
  errorTrailers,
  okTrailers,
  refusalHead,
  responseHead,
  responseHeadWith,
} from './answers.ts';
import type { Encoding } from './compression.ts';
import type { SentMarks } from './head.ts';
import { type Message, plainMessageOf, type RawMessage } from './message.ts';
import { MessageReader } from './message-reader.ts';

/** A streaming method and its handler. */
export interface StreamRoute {
  isStreaming: true;
  /** The name of its calls in metrics. */
  door: Door;
  method: DescMethod;
  handler: unknown;
}

/** The head of a streaming call. */
export interface StreamHead {
  route: StreamRoute;
  encoding: Encoding;
  /** In milliseconds; infinite for none. */
  deadlineMs: number;
  /** What finds the call again, as its fields have it. */
  marks: SentMarks;
}

/** What a streaming call needs. */
export interface StreamDeps {
  route: StreamRoute;
  encoding: Encoding;
  marks: SentMarks;
  /** Longest request message, in bytes. */
  receiveBytesMax: number;
  /** Counts the head, and what has come of messages that are not whole. */
  requests: RequestBytes;
  /** Called when it is ended because requests hold too many bytes. */
  onRefuse(): void;
  onBug: OnBug;
  /** Called when the handler is done, which can be after the stream is. */
  onDone(): void;
}

/** The call, as its handler sees it, with what belongs to it. */
export class StreamCall implements Call, HeldRequest {
  readonly door: Door;
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  requestId: string | undefined;
  traceIds: TraceIds | undefined;
  /** When it began, of performance.now(); only where there is an access log. */
  beganMs: number | undefined;
  /** The status that it ended with; undefined before. */
  outcome: 'OK' | CodeName | undefined;
  heldBytes = 0;
  #headBytes = 0;
  readonly stream: H2Stream;
  /** Its deadline, if the caller has set one. */
  watched: Pick<Watched<unknown>, 'forget'> | undefined;
  readonly #deps: StreamDeps;
  readonly #gone = new AbortController();
  readonly #reader: MessageReader;
  readonly #requests: Requests<RawMessage>;
  #hasStarted = false;
  /** The requests broke a rule or a limit. */
  #hasFailed = false;
  #wake = () => {};

  constructor(stream: H2Stream, deps: StreamDeps) {
    this.stream = stream;
    this.#deps = deps;
    this.door = deps.route.door;
    this.traceparent = deps.marks.traceparent;
    this.tracestate = deps.marks.tracestate;
    this.requestId = requestIdOf(deps.marks.requestId);
    this.#reader = new MessageReader(deps.receiveBytesMax);
    this.#requests = new Requests(bytes => stream.consumed(bytes));
    if (deps.route.method.methodKind === 'bidi_streaming') this.#start();
  }

  /** Counts its head: it outlasts the turn in which it came. */
  kept(): void {
    this.#headBytes = headBytesOf(this.stream.request);
    this.#count();
  }

  /** Content has come. */
  data(data: Buffer, endsStream: boolean) {
    // After a failure nothing more is read, and the caller may send no more than its window.
    if (this.#hasFailed) return;
    try {
      // A copy of what has to wait: it must not keep all that was read with it.
      const bytes = this.#requests.isBehind ? copyOf(data) : data;
      this.#requests.add(this.#reader.read(bytes), data.length);
    } catch (error) {
      return this.#failRequests(error);
    }
    this.#count();
    if (endsStream && !this.#hasFailed) this.ended();
  }

  refuse(): void {
    this.#deps.onRefuse();
    this.#hasFailed = true;
    this.#failAtOnce(tooManyBytes());
  }

  /** The requests are over. */
  ended() {
    const text = 'the last request message is cut short';
    this.#requests.end(this.#reader.heldBytes > 0 ? new RpcError('INTERNAL', text) : undefined);
    this.#start();
  }

  /** There is room for answers again. */
  writable(): void {
    this.#wake();
  }

  /** The stream is over. */
  closed(): void {
    this.watched?.forget();
    this.#gone.abort();
    this.#headBytes = 0;
    this.#dropContent();
    this.#requests.end();
    this.#wake();
    // The handler will not run.
    if (!this.#hasStarted) this.#deps.onDone();
    this.#hasStarted = true;
  }

  /** Ends the call because the server stops: of a bidirectional one, after the requests that have come. */
  stop() {
    const error = new RpcError('UNAVAILABLE', shuttingDownText);
    if (this.#deps.route.method.methodKind === 'bidi_streaming') return this.#requests.end(error);
    this.#gone.abort();
    this.fail(error);
  }

  /** Ends the call with an error. */
  fail(thrown: unknown) {
    const { stream, requestId } = this;
    if (stream.isClosed) return;
    const failure = failureOf(thrown, this.#deps.onBug, requestId);
    this.outcome = failure.code;
    if (stream.hasResponded) stream.end(errorTrailers(failure));
    else stream.respond(refusalHead(requestId ? { ...failure, requestId } : failure), true);
  }

  /** Ends the call because its deadline has passed. */
  expire(): void {
    this.#failAtOnce(new RpcError('DEADLINE_EXCEEDED', deadlineText));
  }

  header(name: string): readonly string[] {
    return valuesOf(this.stream.request, name);
  }

  get method(): DescMethod {
    return this.#deps.route.method;
  }

  get peer(): string {
    return this.stream.peer;
  }

  get clientNames(): readonly string[] {
    return this.stream.clientNames;
  }

  asks(verdicts: number): void {
    this.stream.count(verdicts);
  }

  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  #failAtOnce(error: RpcError): void {
    const isUnread = this.stream.queuedBytes > 0;
    this.fail(error);
    // The trailers would wait behind what is not read.
    if (isUnread) this.stream.reset(errorCodes.cancel);
  }

  /** Brings the limit of all requests to what the head and the reader keep. */
  #count(): void {
    const bytes = this.#headBytes + this.#reader.heldBytes;
    const { requests } = this.#deps;
    if (bytes > this.heldBytes) requests.add(this, bytes - this.heldBytes);
    else requests.end(this, bytes);
  }

  #dropContent(): void {
    this.#reader.drop();
    this.#count();
  }

  #failRequests(error: unknown): void {
    this.#hasFailed = true;
    this.#dropContent();
    this.#requests.end(error);
    this.#start();
  }

  #start(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    const { method, handler } = this.#deps.route;
    try {
      const answers =
        method.methodKind === 'bidi_streaming'
          ? (handler as BidiStreaming<DescMethod>)(this.#messages(), this)
          : (handler as ServerStreaming<DescMethod>)(await this.#single(), this);
      await this.#writeAll(answers);
      if (!this.stream.hasResponded) this.#respond();
      this.outcome ??= 'OK';
      this.stream.end(okTrailers);
    } catch (error) {
      this.fail(error);
    }
    this.#requests.end();
    this.#deps.onDone();
  }

  #respond(): void {
    const { requestId } = this;
    this.stream.respond(requestId === undefined ? responseHead : responseHeadWith(requestId));
  }

  async *#messages(): AsyncGenerator<Message> {
    const { route, encoding, receiveBytesMax } = this.#deps;
    for await (const raw of this.#requests) {
      const turn = this.stream.turn();
      if (turn !== undefined) await turn;
      yield await plainMessageOf(route.method, raw, encoding, receiveBytesMax);
    }
  }

  /** The one request of a method that streams only answers. */
  async #single(): Promise<Message> {
    let single: Message | undefined;
    for await (const message of this.#messages()) {
      if (single !== undefined) throw notOne();
      single = message;
    }
    if (single === undefined) throw notOne();
    return single;
  }

  async #writeAll(answers: AsyncIterable<Message>): Promise<void> {
    const { stream } = this;
    const { output } = this.#deps.route.method;
    for await (const answer of answers) {
      if (stream.isClosed || stream.isEnding) return;
      if (!stream.hasResponded) this.#respond();
      let hasRoom = true;
      for (const piece of framesOf(output, answer, encode)) hasRoom = stream.write(piece);
      if (hasRoom) continue;
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }
}

function copyOf(data: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(data.length);
  data.copy(copy);
  return copy;
}

const notOne = () =>
  new RpcError('UNIMPLEMENTED', 'the call has exactly one whole request message');
