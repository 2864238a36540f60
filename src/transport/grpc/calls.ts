/** Answers the calls of one connection: verdicts that are known at once in the turn of the read. */

import type { DescMethod, MessageShape } from '@bufbuild/protobuf';
import { type Awaitable, mapAwaitable } from '../../store/awaitable.ts';
import { framePrefixBytes } from '../codec/encoded-cache.ts';
import { errorCodes } from '../h2/frame.ts';
import type { H2Request } from '../h2/request-rules.ts';
import type { H2Handler, H2Peer, H2Stream } from '../h2/stream.ts';
import type { AccessLog } from '../rpc/access-log.ts';
import { noContent } from '../rpc/content.ts';
import type { Deadlines } from '../rpc/deadlines.ts';
import { failureOf, type OnBug } from '../rpc/failure.ts';
import type { GrpcLimits } from '../rpc/grpc-limits.ts';
import type { Guard } from '../rpc/guard.ts';
import type { ProbeDeps } from '../rpc/probes.ts';
import { tooManyBytes } from '../rpc/request-bytes.ts';
import { tooLong } from '../rpc/rpc-error.ts';
import type { Reader } from '../rpc/unread.ts';
import type { UnreadAccount } from '../rpc/unread-accounts.ts';
import { beginAccess, noteAccess, noteRefusal } from './access.ts';
import { answerOf, encodeMessage, refusalHead } from './answers.ts';
import type { AnyCall } from './call-deadlines.ts';
import { countRest } from './count-rest.ts';
import { type Head, headOf, type UnaryHead } from './head.ts';
import { type Message, messageOf } from './message.ts';
import type { OtherCall, OtherCalls } from './other-calls.ts';
import { plainAnswer } from './plain-http.ts';
import { answerPlain, refuse, send } from './respond.ts';
import type { Routes } from './routes.ts';
import { StreamCall, type StreamHead } from './stream-call.ts';
import { UnaryCall, waitingCallBytes } from './unary-call.ts';

/** What all connections of a listener share. */
export interface CallsDeps {
  routes: Routes;
  limits: GrpcLimits;
  deadlines: Deadlines<AnyCall>;
  /** The open streams, to end them when the server stops. */
  streams: Set<StreamCall>;
  /** The open connections. */
  open: Set<Calls>;
  guard: Pick<Guard, 'unread' | 'requests' | 'requestRefused'>;
  probes: ProbeDeps;
  onBug: OnBug;
  /** Absent where there is nothing else than probes. */
  others?: OtherCalls | undefined;
  /** Absent without an access log. */
  access?: AccessLog | undefined;
}

/** The calls of one connection. A call waits while answers of its connection are not read. */
export class Calls implements H2Handler, Reader {
  waitingBytes = 0;
  readonly onRest: (bytes: number) => void;
  readonly #deps: CallsDeps;
  readonly #connection: H2Peer;
  readonly #account: UnreadAccount;
  /** What the account holds. */
  #countedBytes = 0;
  #isOver = false;
  /** The streams of those that came with the read in progress. */
  readonly #fresh: H2Stream[] = [];
  /** How many handlers have not answered; a reset stream does not end its handler. */
  #running = 0;

  constructor(deps: CallsDeps, connection: H2Peer) {
    this.#deps = deps;
    this.#connection = connection;
    this.#account = deps.guard.unread.account();
    this.onRest = countRest(deps.guard.requests, () => connection.hurry());
    deps.open.add(this);
  }

  get bytes(): number {
    return this.#connection.heldBytes;
  }

  close(): void {
    this.#connection.fail(errorCodes.enhanceYourCalm);
  }

  onRequest(stream: H2Stream, endsStream: boolean): void {
    const head = this.#headOf(stream.request);
    const { others, routes, limits, guard, access } = this.#deps;
    const isOther = others && ('isGrpc' in head || !routes.has(stream.request.path));
    const refusal = isOther ? undefined : this.#refusalOf(stream, head);
    if (refusal !== undefined) {
      stream.respond(refusal, true);
      if (access?.isOn && 'refusal' in head) noteRefusal(access, stream, head);
    } else if (this.#running >= limits.streamsPerConnectionMax) {
      // CVE-2025-8671: resets must not start more handlers than streams are allowed.
      stream.reset(errorCodes.refusedStream);
    } else if (isOther) {
      this.#beginOther(stream, others);
    } else if ('route' in head && head.route.isStreaming) {
      this.#begin(stream, head as StreamHead, endsStream);
    } else {
      const call = new UnaryCall(stream, head as UnaryHead, guard.requests, this.#refuse);
      if (access?.isOn) beginAccess(call);
      stream.context = call;
      this.#fresh.push(stream);
      if (endsStream) this.#run(call, noContent);
    }
  }

  onData(stream: H2Stream, data: Buffer, endsStream: boolean) {
    const call = stream.context as AnyCall | OtherCall;
    if (!(call instanceof UnaryCall)) return call.data(data, endsStream);
    if (endsStream) return this.#run(call, data);
    call.keep(data);
    stream.consumed(data.length);
    const { receiveBytesMax } = this.#deps.limits;
    if (call.heldBytes - call.headBytes > receiveBytesMax + framePrefixBytes) {
      call.done();
      refuse(call, tooLong(receiveBytesMax), this.#deps.onBug);
    }
  }

  onTrailers(stream: H2Stream) {
    const call = stream.context as AnyCall | OtherCall;
    if (!(call instanceof UnaryCall)) return call.ended();
    this.#run(call, noContent);
  }

  onWritable({ context }: H2Stream): void {
    if (!(context instanceof UnaryCall)) (context as StreamCall | OtherCall).writable();
  }

  onClose(stream: H2Stream): void {
    const call = stream.context as AnyCall | OtherCall | undefined;
    call?.closed();
    const { access } = this.#deps;
    if (access !== undefined && call !== undefined) noteAccess(access, call);
    if (call instanceof StreamCall) this.#deps.streams.delete(call);
  }

  onReadEnd(): void {
    if (this.#fresh.length === 0) return;
    // A deadline counts from when its call arrived.
    const { waitedMs } = this.#connection;
    for (const stream of this.#fresh) {
      if (stream.isClosed) continue;
      const call = stream.context as AnyCall | OtherCall;
      if (call instanceof UnaryCall) {
        call.watched = this.#deps.deadlines.watch(call, call.head.deadlineMs - waitedMs);
      }
      call.kept();
    }
    this.#fresh.length = 0;
  }

  onSent(): void {
    this.#count();
  }

  onEnd(): void {
    this.#isOver = true;
    this.#account.free(this.#countedBytes);
    this.#countedBytes = 0;
    this.#deps.open.delete(this);
  }

  #begin(stream: H2Stream, head: StreamHead, endsStream: boolean): void {
    const { route, encoding, deadlineMs, marks } = head;
    const { limits, onBug, deadlines, streams, guard, access } = this.#deps;
    this.#running++;
    const call = new StreamCall(stream, {
      ...{ route, encoding, marks },
      receiveBytesMax: limits.receiveBytesMax,
      requests: guard.requests,
      onRefuse: guard.requestRefused,
      onBug,
      onDone: () => {
        this.#running--;
      },
    });
    if (access?.isOn) beginAccess(call);
    stream.context = call;
    this.#fresh.push(stream);
    streams.add(call);
    const { waitedMs } = this.#connection;
    if (Number.isFinite(deadlineMs)) call.watched = deadlines.watch(call, deadlineMs - waitedMs);
    if (endsStream) call.ended();
  }

  #beginOther(stream: H2Stream, others: OtherCalls) {
    this.#running++;
    const onDone = () => {
      this.#running--;
    };
    const call = others.begin(stream, this.#connection.localAddress, onDone);
    stream.context = call;
    this.#fresh.push(stream);
    this.#count();
    if (this.#account.hasRoom()) return call.start();
    this.#whenRoom(waitingCallBytes, () => {
      // It was refused meanwhile.
      if (stream.hasResponded) return;
      if (stream.isClosed) onDone();
      else call.start();
    });
  }

  /** The whole answer to a call that is refused by its head. */
  #refusalOf({ request }: H2Stream, head: Head): Buffer | undefined {
    const { others, onBug } = this.#deps;
    const error = others?.refusalOf?.(request.authority, this.#connection.localAddress);
    if (error !== undefined) return refusalHead(failureOf(error, onBug));
    return 'refusal' in head ? head.refusal : undefined;
  }

  #headOf(request: H2Request): Head {
    // Equal blocks of a connection can share one request object, whose head is then read once.
    request.head ??= headOf(request, this.#deps.routes, this.#deps.limits);
    return request.head as Head;
  }

  /** Answers a call, of whose content this is the rest. */
  #run(call: UnaryCall, last: Buffer) {
    const { head } = call;
    if ('isGrpc' in head)
      return answerPlain(call.stream, plainAnswer(head.request, this.#deps.probes));
    this.#count();
    if (!this.#account.hasRoom()) return this.#wait(call, last);
    const { route, encoding } = head;
    this.#running++;
    try {
      const { receiveBytesMax } = this.#deps.limits;
      const content = call.whole(last);
      const message = messageOf(route.method, content, encoding, receiveBytesMax, call);
      const known = call as KnownCall;
      mapAwaitable(mapAwaitable(message, handle, undefined, known), this.#send, this.#fail, known);
      if (!call.stream.hasResponded) call.hold(content.length);
    } catch (error) {
      this.#fail(error, call);
    }
  }

  /** Runs the call when there is room. */
  #wait(call: UnaryCall, last: Buffer): void {
    call.keep(last);
    this.#whenRoom(call.heldBytes + waitingCallBytes, () => {
      if (call.stream.isClosed || call.stream.hasResponded) return;
      this.#run(call, noContent);
    });
  }

  /** Calls `run` when there is room; what waits holds so many bytes. */
  #whenRoom(bytes: number, run: () => void): void {
    this.waitingBytes += bytes;
    this.#account.wait(() => {
      this.waitingBytes -= bytes;
      run();
      // By then the answer is written.
      setImmediate(() => this.#count());
    });
  }

  /** Brings the account to what the connection holds now: nothing once it is over. */
  #count(): void {
    if (this.#isOver) return;
    const bytes = this.#connection.heldBytes;
    const counted = this.#countedBytes;
    if (bytes === counted) return;
    this.#countedBytes = bytes;
    if (bytes > counted) this.#account.hold(bytes - counted);
    else this.#account.free(counted - bytes);
  }

  /** Two functions for all calls, to save each of them two closures. */
  readonly #send = (message: Answer, call: KnownCall): void => {
    send(call, answerOf(call.head.route.method.output, message, encodeMessage));
    call.done();
    this.#running--;
  };

  readonly #fail = (error: unknown, call: UnaryCall): void => {
    this.#running--;
    call.done();
    refuse(call, error, this.#deps.onBug);
  };

  readonly #refuse = (call: UnaryCall): void => {
    this.#deps.guard.requestRefused();
    // Its answer is not read, and what else the stream holds goes with it.
    const { stream, head } = call;
    if (stream.hasResponded) stream.reset(errorCodes.cancel);
    else if ('isGrpc' in head) answerPlain(stream, plainAnswer(head.request, this.#deps.probes));
    else refuse(call, tooManyBytes(), this.#deps.onBug);
  };
}

type Answer = MessageShape<DescMethod['output']>;
/** A call of a method that this server has. */
type KnownCall = UnaryCall & { head: UnaryHead };

function handle(message: Message, call: KnownCall): Awaitable<Answer> {
  return call.head.route.handler(message, call);
}
