/** A request of HTTP/2, as routes take it. */

import type { IncomingHttpHeaders } from 'node:http';
import { trimBlanks } from '../../caching/canonical-header.ts';
import { type H2Request, headBytesOf } from '../h2/request-rules.ts';
import type { H2Stream } from '../h2/stream.ts';
import { Content, noContent } from '../rpc/content.ts';
import type { HeldRequest, RequestBytes } from '../rpc/request-bytes.ts';
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
  #headBytes = 0;
  readonly #stream: H2Stream;
  readonly #requests: RequestBytes;
  readonly #onRefuse: () => void;
  /** What no one has taken yet. */
  readonly #kept = new Content();
  #onData: ((chunk: Buffer) => void) | undefined;
  #onEnd: (() => void) | undefined;
  /** Of the iterator, which waits. */
  #wake = () => {};
  #isIterated = false;

  constructor(
    stream: H2Stream,
    localAddress: string,
    requests: RequestBytes,
    onRefuse: () => void,
  ) {
    const { request } = stream;
    this.method = request.method;
    this.url = request.path;
    this.headers = headersOf(request);
    this.socket = new StreamSocket(stream, localAddress);
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
    const kept = this.#take();
    if (kept.length > 0) listener(kept);
  }

  /** All that has come since the chunk before, as one: frames can be of a single byte. */
  async *iterator(): AsyncGenerator<Buffer> {
    this.#isIterated = true;
    for (;;) {
      const kept = this.#take();
      if (kept.length > 0) {
        yield kept;
      } else if (this.complete) {
        return;
      } else if (this.#stream.isClosed) {
        throw new Error('the caller is gone');
      } else {
        await new Promise<void>(resolve => {
          this.#wake = resolve;
        });
      }
    }
  }

  /** Counts its head: it outlasts the turn in which it came. */
  kept(): void {
    this.#headBytes = headBytesOf(this.#stream.request);
    this.#requests.add(this, this.#headBytes);
  }

  /** Content has come. */
  data(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if (this.#onData !== undefined) {
      this.#stream.consumed(chunk.length);
      this.#onData(chunk);
      return;
    }
    // Its window stays closed.
    this.#kept.add(chunk);
    if (this.#isIterated) this.#wake();
    else this.#requests.add(this, chunk.length);
  }

  /** All of it has come. */
  ended(): void {
    this.complete = true;
    this.#wake();
    this.#onEnd?.();
  }

  refuse(): void {
    this.#kept.drop();
    this.#onRefuse();
  }

  /** The stream is over. */
  closed(): void {
    // An iterator that has not read what came before the end may still do so.
    if (!this.complete) this.#kept.drop();
    this.#requests.end(this);
    this.#wake();
  }

  #take(): Buffer {
    const kept = this.#kept.take(noContent);
    this.#requests.end(this, this.#stream.isClosed ? 0 : this.#headBytes);
    this.#stream.consumed(kept.length);
    return kept;
  }
}

/** What a request knows of its socket; a class, since a literal with a getter costs a closure. */
class StreamSocket {
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly #stream: H2Stream;

  constructor(stream: H2Stream, localAddress: string) {
    this.remoteAddress = stream.peer;
    this.localAddress = localAddress;
    this.#stream = stream;
  }

  get clientNames(): readonly string[] {
    return this.#stream.clientNames;
  }
}

/** As node:http has them with `joinDuplicateHeaders`. */
function headersOf({ fields, authority, contentLength }: H2Request): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = Object.create(null);
  for (const { name, value } of fields) {
    if (name.startsWith(':')) continue;
    // Blanks around a value do not count (RFC 9110 section 5.5).
    const trimmed = trimBlanks(value);
    const before = headers[name];
    const joint = name === 'cookie' ? '; ' : ', ';
    headers[name] = before === undefined ? trimmed : `${before}${joint}${trimmed}`;
  }
  // The same length given twice is valid, and would be joined to no number.
  if (contentLength >= 0) headers['content-length'] = String(contentLength);
  if (authority !== '') headers.host = authority;
  return headers;
}
