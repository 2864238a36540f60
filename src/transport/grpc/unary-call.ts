/** A unary call in progress. */

import type { DescMethod } from '@bufbuild/protobuf';
import type { TraceIds } from '../../tracing/tracing.ts';
import { headBytesOf, valuesOf } from '../h2/request-rules.ts';
import type { H2Stream } from '../h2/stream.ts';
import type { Call, Door } from '../rpc/call.ts';
import { Content } from '../rpc/content.ts';
import type { Watched } from '../rpc/deadlines.ts';
import { type HeldRequest, type RequestBytes, tooManyBytes } from '../rpc/request-bytes.ts';
import { requestIdOf } from '../rpc/request-id.ts';
import type { CodeName } from '../rpc/rpc-error.ts';
import type { SentMarks, StrangeHead, UnaryHead } from './head.ts';

function marksOf(head: UnaryHead | StrangeHead): SentMarks | undefined {
  return 'route' in head ? head.marks : undefined;
}

/** What a call that waits holds besides its content, in bytes: measured over 100,000 of them. */
export const waitingCallBytes = 800;

/** The call, as its handler sees it, with what belongs to it. */
export class UnaryCall implements Call, HeldRequest {
  readonly stream: H2Stream;
  readonly head: UnaryHead | StrangeHead;
  /** Its deadline, unless it was over in the turn in which it came. */
  watched: Pick<Watched<unknown>, 'forget'> | undefined;
  heldBytes = 0;
  /** What its head holds, in bytes: 0 in the turn in which it came. */
  headBytes = 0;
  requestId: string | undefined;
  traceIds: TraceIds | undefined;
  /** When it began, of performance.now(); only where there is an access log. */
  beganMs: number | undefined;
  /** The status that it was answered with; undefined before. */
  outcome: 'OK' | CodeName | undefined;
  readonly #requests: RequestBytes;
  readonly #onRefuse: (call: UnaryCall) => void;
  /** Content before the end of the request. */
  #content: Content | undefined;
  #gone: AbortController | undefined;

  constructor(
    stream: H2Stream,
    head: UnaryHead | StrangeHead,
    requests: RequestBytes,
    onRefuse: (call: UnaryCall) => void,
  ) {
    this.stream = stream;
    this.head = head;
    this.#requests = requests;
    this.#onRefuse = onRefuse;
    this.requestId = requestIdOf(marksOf(head)?.requestId);
  }

  get traceparent(): string | undefined {
    return marksOf(this.head)?.traceparent;
  }

  get tracestate(): string | undefined {
    return marksOf(this.head)?.tracestate;
  }

  /** Undefined for what is not gRPC. */
  get method(): DescMethod | undefined {
    return 'route' in this.head ? this.head.route.method : undefined;
  }

  get door(): Door {
    return 'route' in this.head ? this.head.route.door : 'grpc';
  }

  /** Counts its head: it outlasts the turn in which it came. */
  kept(): void {
    this.headBytes = headBytesOf(this.stream.request);
    this.#requests.add(this, this.headBytes);
  }

  /** Keeps content until the rest has come, or until the call may be answered. */
  keep(data: Buffer): void {
    // What another protocol sends is not read.
    if ('isGrpc' in this.head) return;
    this.#requests.add(this, data.length);
    if (this.stream.hasResponded) return;
    this.#content ??= new Content();
    this.#content.add(data);
  }

  /** All content, of which `last` is the rest; nothing is kept any longer. */
  whole(last: Buffer): Buffer {
    if (this.#content === undefined) return last;
    return this.#content.take(last);
  }

  /** Forgets the content. */
  drop(): void {
    this.#content = undefined;
  }

  /** Counts a message that its handler has, until `done`, unless it is counted already. */
  hold(bytes: number): void {
    const missing = this.headBytes + bytes - this.heldBytes;
    if (missing > 0) this.#requests.add(this, missing);
  }

  /** Counts its message, which was compressed. */
  unpacked(bytes: number): void {
    this.#requests.add(this, bytes);
    if (this.stream.hasResponded) throw tooManyBytes();
  }

  /** The call is answered. Its head stays with its stream. */
  done(): void {
    this.drop();
    if (this.heldBytes > 0) this.#requests.end(this, this.stream.isClosed ? 0 : this.headBytes);
  }

  refuse(): void {
    this.#content = undefined;
    this.#onRefuse(this);
  }

  /** The stream is over. */
  closed(): void {
    this.done();
    this.watched?.forget();
    this.#gone?.abort();
  }

  header(name: string): readonly string[] {
    return valuesOf(this.stream.request, name);
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
    if (this.#gone === undefined) {
      this.#gone = new AbortController();
      if (this.stream.isClosed) this.#gone.abort();
    }
    return this.#gone.signal;
  }
}
