/** Serves the requests of HTTP/2 connections that are not gRPC, by the routes of an HTTP listener. */

import { awakeMs } from '../../timing/awake.ts';
import { errorCodes } from '../h2/frame.ts';
import { encodeFields } from '../h2/hpack/encoder.ts';
import type { H2Stream } from '../h2/stream.ts';
import { createDeadlines, type Deadlines, type Watched } from '../rpc/deadlines.ts';
import type { Guard } from '../rpc/guard.ts';
import { tooManyBytesText } from '../rpc/request-bytes.ts';
import { answerError } from './answer.ts';
import { H2HttpRequest } from './h2-request.ts';
import { H2HttpResponse } from './h2-response.ts';
import type { HttpLimits } from './limits.ts';
import type { HttpRequest, HttpResponse } from './message.ts';

/** What exchanges need. */
export interface ExchangeDeps {
  /** Answers a request. */
  serve(req: HttpRequest, res: HttpResponse): void;
  limits: Pick<HttpLimits, 'requestMs' | 'checkMs' | 'deadlineMsMax'>;
  guard: Pick<Guard, 'requests' | 'requestRefused' | 'unreadClosed'>;
}

/** A function that begins the exchange of a stream. */
export type BeginExchange = (
  stream: H2Stream,
  localAddress: string,
  onDone: () => void,
) => Exchange;

/** Serves the exchanges of a listener. */
export function createExchanges(deps: ExchangeDeps): BeginExchange {
  const deadlines = createDeadlines<Exchange>(exchange => exchange.overdue());
  return (stream, localAddress, onDone) =>
    new Exchange(stream, localAddress, { ...deps, deadlines, onDone });
}

const goOn = encodeFields([[':status', '100']]);

interface Deps extends ExchangeDeps {
  deadlines: Deadlines<Exchange>;
  onDone(): void;
}

/** A request and its response. */
class Exchange {
  readonly #stream: H2Stream;
  readonly #deps: Deps;
  readonly #req: H2HttpRequest;
  readonly #res: H2HttpResponse;
  readonly #beganMs = awakeMs();
  #watched: Watched<Exchange> | undefined;
  /** How much was read of the response, and when that was first seen. */
  #readBytes = 0;
  #readMs = 0;

  constructor(stream: H2Stream, localAddress: string, deps: Deps) {
    const { requests } = deps.guard;
    this.#stream = stream;
    this.#deps = deps;
    this.#req = new H2HttpRequest(stream, localAddress, requests, () => this.#refuse());
    this.#res = new H2HttpResponse(stream, this.#req, deps.onDone);
    if (!stream.remoteEnded) return;
    this.#req.complete = true;
    this.#req.readableEnded = true;
  }

  /** Has the request answered. */
  start(): void {
    this.#readMs = awakeMs();
    this.#deps.serve(this.#req, this.#res);
    if (this.#stream.isClosed) return;
    // RFC 9110 section 10.1.1: the caller waits with its content.
    const { complete, headers } = this.#req;
    if (!complete && headers.expect?.toLowerCase() === '100-continue') this.#stream.interim(goOn);
    this.#watched = this.#deps.deadlines.watch(this, this.#deps.limits.checkMs);
  }

  /** Counts its head. */
  kept(): void {
    this.#req.kept();
  }

  /** Content has come. */
  data(data: Buffer, endsStream: boolean): void {
    this.#req.data(data);
    if (endsStream) this.#req.ended();
  }

  /** The request is over. */
  ended(): void {
    this.#req.ended();
  }

  /** There is room for more of the response. */
  writable(): void {
    this.#res.emit('drain');
  }

  /** The stream is over. */
  closed(): void {
    this.#watched?.forget();
    this.#req.closed();
    this.#res.emit('close');
  }

  /** Ends it if its request is late or its response is not read; else returns when to look again. */
  overdue(): number | undefined {
    const { limits, guard } = this.#deps;
    if (this.#stream.isClosed) return undefined;
    const nowMs = awakeMs();
    if (!this.#req.complete && !this.#res.isStream && !this.#res.headersSent) {
      const isLate = nowMs - this.#beganMs > limits.requestMs;
      if (isLate) answerError(this.#res, 408, 'request took too long');
    }
    const readBytes = this.#res.writtenBytes - this.#stream.queuedBytes;
    if (this.#stream.queuedBytes === 0 || readBytes !== this.#readBytes) {
      this.#readBytes = readBytes;
      this.#readMs = nowMs;
    } else if (nowMs - this.#readMs > limits.deadlineMsMax) {
      guard.unreadClosed('deadline');
      this.#stream.reset(errorCodes.cancel);
      return undefined;
    }
    return limits.checkMs;
  }

  #refuse(): void {
    this.#deps.guard.requestRefused();
    if (this.#res.headersSent) this.#stream.reset(errorCodes.cancel);
    else answerError(this.#res, 503, tooManyBytesText, { 'Retry-After': 1 });
  }
}
