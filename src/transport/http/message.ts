/** A request and its response as routes see them: node:http's own, or those of HTTP/2. */

import type { IncomingHttpHeaders, OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http';
import type { TraceIds } from '../../tracing/tracing.ts';
import { noClientNames } from '../rpc/call.ts';

/** A request. */
export interface HttpRequest {
  readonly method?: string | undefined;
  /** The path with its query. */
  url?: string | undefined;
  /** By name in lower case; `host` is the authority. */
  readonly headers: IncomingHttpHeaders;
  /** "1.0", "1.1" or "2". */
  readonly httpVersion: string;
  readonly socket: {
    readonly remoteAddress?: string | undefined;
    readonly localAddress?: string | undefined;
    /** The names of the verified client certificate, as `Call` has them; absent without TLS. */
    readonly clientNames?: readonly string[];
  };
  /** Whether all of its content has come. */
  readonly complete: boolean;
  /** Whether it has no content, or all of it was read: no 'end' follows. */
  readonly readableEnded: boolean;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  /** Its content; throws if the caller leaves before the end. */
  iterator(options: { destroyOnReturn: false }): AsyncIterable<Buffer>;
}

/** The names of the client certificate that a request came with, as `Call` has them. */
export function clientNamesOf({ socket }: Pick<HttpRequest, 'socket'>): readonly string[] {
  return socket.clientNames ?? noClientNames;
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']);

/** The method of a request, or `_OTHER`; a gateway passes on what its client sent, which may be any text. */
export function knownMethod(method: string | undefined): string {
  return method !== undefined && methods.has(method) ? method : '_OTHER';
}

/** Its response. Its handler calls `end` or `destroy`, even if the caller is gone. */
export interface HttpResponse {
  readonly req: HttpRequest;
  /** The id of the request, and those of its span; see `CallMarks`. */
  requestId?: string | undefined;
  traceIds?: TraceIds | undefined;
  statusCode: number;
  readonly headersSent: boolean;
  /** Whether the caller is gone, or has the whole response. */
  readonly destroyed: boolean;
  /** Bytes that the socket has not taken; 0 over HTTP/2, whose connections count theirs. */
  readonly writableLength: number;
  setHeader(name: string, value: string | number): unknown;
  hasHeader(name: string): boolean;
  writeHead(status: number, headers?: OutgoingHttpHeaders | OutgoingHttpHeader[]): HttpResponse;
  /** Returns false if it has to wait; then 'drain' or 'close' follows. */
  write(chunk: string | Uint8Array): boolean;
  end(chunk?: string | Uint8Array): unknown;
  /** Gives the response up. */
  destroy(): unknown;
  on(event: 'close' | 'drain' | 'error', listener: () => void): unknown;
  once(event: 'close', listener: () => void): unknown;
  /**
   * A handler works for the request until `release`, even if the response is over sooner: over HTTP/2 it
   * counts as a stream until then. Absent over HTTP/1, where a connection has one request at a time.
   */
  hold?(): void;
  release?(): void;
  /** Says that the request asks for so many verdicts, as `Call` has it. Only over HTTP/2. */
  asks?(verdicts: number): void;
  /** The request may take as long as its caller likes. Only HTTP/2 has such requests. */
  awaitStream?(): void;
  /** Has the caller send its request over HTTP/1.1; absent where it did. */
  requireHttp1?(): void;
}
