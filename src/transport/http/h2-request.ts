/** A request of HTTP/2, as routes take it. */

import type { IncomingHttpHeaders } from 'node:http';
import type { H2Request } from '../h2/request-rules.ts';
import type { H2Stream } from '../h2/stream.ts';
import type { HeldRequest, RequestBytes } from '../rpc/request-bytes.ts';
import { Requests } from '../rpc/requests.ts';
import type { HttpRequest } from './message.ts';

/** The request of a stream. Content that no route has asked for yet is kept, and counted. */
export class H2HttpRequest implements HttpRequest, HeldRequest {
  readonly httpVersion = '2';
  readonly method: string;
  url: string;
  readonly headers: IncomingHttpHeaders;
  readonly socket: HttpRequest['socket'];
  complete = false;
  readableEnded = false;
  heldBytes = 0;
  readonly #stream: H2Stream;
  readonly #requests: RequestBytes;
  readonly #onRefuse: () => void;
  #kept: Buffer[] = [];
  #onData: ((chunk: Buffer) => void) | undefined;
  #onEnd: (() => void) | undefined;
  #chunks: Requests<Buffer> | undefined;

  constructor(
    stream: H2Stream,
    localAddress: string,
    requests: RequestBytes,
    onRefuse: () => void,
  ) {
    const { request, peer } = stream;
    this.method = request.method;
    this.url = request.path;
    this.headers = headersOf(request);
    this.socket = { remoteAddress: peer, localAddress };
    this.#stream = stream;
    this.#requests = requests;
    this.#onRefuse = onRefuse;
  }

  on(event: 'data' | 'end', listener: ((chunk: Buffer) => void) & (() => void)): void {
    if (event === 'end') {
      this.#onEnd = listener;
      if (this.complete) listener();
      return;
    }
    this.#onData = listener;
    for (const chunk of this.#release()) this.#give(chunk);
  }

  iterator(): AsyncIterable<Buffer> {
    const chunks = new Requests<Buffer>(bytes => this.#stream.consumed(bytes));
    this.#chunks = chunks;
    for (const chunk of this.#release()) this.#give(chunk);
    if (this.complete) chunks.end();
    else if (this.#stream.isClosed) this.closed();
    return chunks;
  }

  /** Content has come. */
  data(chunk: Buffer): void {
    if (chunk.length > 0) this.#give(chunk);
  }

  /** All of it has come. */
  ended(): void {
    this.complete = true;
    this.#chunks?.end();
    this.#onEnd?.();
  }

  refuse(): void {
    this.#kept = [];
    this.#onRefuse();
  }

  /** The stream is over. */
  closed(): void {
    this.#release();
    this.#chunks?.end(new Error('the caller is gone'));
  }

  #give(chunk: Buffer): void {
    if (this.#chunks !== undefined) {
      this.#chunks.add([chunk], chunk.length);
    } else if (this.#onData !== undefined) {
      this.#stream.consumed(chunk.length);
      this.#onData(chunk);
    } else {
      // A copy: it must not keep all that was read with it. Its window stays closed.
      this.#kept.push(Buffer.from(chunk));
      this.#requests.add(this, chunk.length);
    }
  }

  #release(): Buffer[] {
    const kept = this.#kept;
    this.#kept = [];
    this.#requests.end(this);
    return kept;
  }
}

/** As node:http has them with `joinDuplicateHeaders`. */
function headersOf({ fields, authority }: H2Request): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = Object.create(null);
  for (const { name, value } of fields) {
    if (name.startsWith(':')) continue;
    const before = headers[name];
    const joint = name === 'cookie' ? '; ' : ', ';
    headers[name] = before === undefined ? value : `${before}${joint}${value}`;
  }
  if (authority !== '') headers.host = authority;
  return headers;
}
