/** A response of HTTP/2, as routes write it. */

import { type OutgoingHttpHeader, type OutgoingHttpHeaders, validateHeaderValue } from 'node:http';
import type { TraceIds } from '../../tracing/tracing.ts';
import { errorCodes } from '../h2/frame.ts';
import { encodeFields, type PlainField } from '../h2/hpack/encoder.ts';
import { prepareAnswer } from '../h2/prepared-answer.ts';
import type { H2Stream } from '../h2/stream.ts';
import type { HttpRequest, HttpResponse } from './message.ts';

/** Headers of a connection of HTTP/1 (RFC 9113 section 8.2.2), as far as routes set them. */
const connectionHeader = 'connection';

/** The response of a stream. */
export class H2HttpResponse implements HttpResponse {
  readonly req: HttpRequest;
  requestId?: string | undefined;
  traceIds?: TraceIds | undefined;
  statusCode = 200;
  headersSent = false;
  readonly writableLength = 0;
  /** The request may take as long as its caller likes. */
  isStream = false;
  /** Bytes of content so far, sent or not. */
  writtenBytes = 0;
  readonly #stream: H2Stream;
  readonly #onDone: () => void;
  readonly #set = new Map<string, string>();
  /** The block of the head until it is sent. */
  #head: Buffer | undefined;
  /** Responses to HEAD, and with 204 or 304, have no content (RFC 9110 section 6.4.1). */
  #hasContent = true;
  #isOver = false;
  /** How many handlers work for it. */
  #holds = 0;
  readonly #listeners: [event: string, listener: () => void][] = [];

  /** `onDone` is called once it is over and no handler works for it. */
  constructor(stream: H2Stream, req: HttpRequest, onDone: () => void) {
    this.#stream = stream;
    this.req = req;
    this.#onDone = onDone;
  }

  get destroyed(): boolean {
    return this.#stream.isClosed;
  }

  setHeader(name: string, value: string | number): void {
    this.#set.set(name.toLowerCase(), String(value));
  }

  hasHeader(name: string): boolean {
    return this.#set.has(name.toLowerCase());
  }

  writeHead(status: number, headers: OutgoingHttpHeaders | OutgoingHttpHeader[] = []): this {
    const given = Array.isArray(headers) ? pairsOf(headers) : Object.entries(headers);
    for (const [name] of given) this.#set.delete(name.toLowerCase());
    const fields = [...this.#set, ...given].flatMap(([name, value]) => fieldsOf(name, value));
    this.#head = encodeFields([[':status', String(status)], ['date', date()], ...fields]);
    this.#hasContent = this.req.method !== 'HEAD' && status !== 204 && status !== 304;
    this.statusCode = status;
    this.headersSent = true;
    return this;
  }

  write(chunk: string | Uint8Array): boolean {
    if (!this.headersSent) this.writeHead(200);
    if (this.#head !== undefined) this.#stream.respond(this.#head);
    this.#head = undefined;
    return this.#stream.write(this.#count(chunk));
  }

  end(chunk: string | Uint8Array = ''): void {
    this.#done();
    if (!this.headersSent) this.writeHead(200);
    const content = this.#count(chunk);
    if (this.#head === undefined) {
      this.#stream.write(content);
      this.#stream.end();
    } else if (content.length === 0) {
      this.#stream.respond(this.#head, true);
    } else {
      this.#stream.answer(prepareAnswer(this.#head, content));
    }
    this.#head = undefined;
  }

  destroy(): void {
    this.#done();
    this.#stream.reset(errorCodes.cancel);
  }

  /** Has the caller send its request over HTTP/1.1 (RFC 9113 section 7). */
  requireHttp1(): void {
    this.#done();
    this.#stream.reset(errorCodes.http11Required);
  }

  hold(): void {
    this.#holds++;
  }

  release(): void {
    this.#holds--;
    if (this.#isOver && this.#holds === 0) this.#onDone();
  }

  asks(verdicts: number): void {
    this.#stream.count(verdicts);
  }

  awaitStream(): void {
    this.isStream = true;
  }

  on(event: 'close' | 'drain' | 'error', listener: () => void): void {
    this.#listeners.push([event, listener]);
  }

  once(event: 'close', listener: () => void): void {
    this.on(event, listener);
  }

  /** Calls the listeners of an event. */
  emit(event: 'close' | 'drain'): void {
    for (const [each, listener] of this.#listeners) if (each === event) listener();
  }

  #count(chunk: string | Uint8Array): Buffer {
    if (!this.#hasContent) return nothing;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : asBuffer(chunk);
    this.writtenBytes += bytes.length;
    return bytes;
  }

  #done(): void {
    if (!this.#isOver && this.#holds === 0) this.#onDone();
    this.#isOver = true;
  }
}

const nothing = Buffer.alloc(0);

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

type Header = [name: string, value: OutgoingHttpHeader | undefined];

function pairsOf(flat: readonly OutgoingHttpHeader[]): Header[] {
  const pairs: Header[] = [];
  for (let at = 0; at < flat.length; at += 2) pairs.push([String(flat[at]), flat[at + 1]]);
  return pairs;
}

function fieldsOf(name: string, value: OutgoingHttpHeader | undefined): PlainField[] {
  const lower = name.toLowerCase();
  if (value === undefined || lower === connectionHeader) return [];
  return [value].flat().map(each => {
    const text = String(each);
    validateHeaderValue(lower, text);
    return [lower, text];
  });
}

let dateSecond = 0;
let dateText = '';

/** The Date header (RFC 9110 section 6.6.1). */
function date(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(second * 1000).toUTCString();
  }
  return dateText;
}
