/** HTTP/2 for HTTP listeners in tests, and requests over it. */

import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { text } from 'node:stream/consumers';
import { createWire } from '../../../src/transport/grpc/wire.ts';
import type { HttpDeps } from '../../../src/transport/http/listener.ts';
import type { GrpcDeps } from '../../../src/transport/rpc/grpc-listener.ts';
import { defaultLimits } from '../../limits.ts';

/** Serves HTTP/2 beside HTTP/1.1, with gRPC for these services. */
export function withHttp2(
  deps: Partial<Omit<GrpcDeps, 'limits'>> & Pick<GrpcDeps, 'onBug'>,
  limits: Partial<GrpcDeps['limits']> = {},
): Pick<HttpDeps, 'createHttp2'> {
  const all = { bindings: [], ...deps, limits: { ...defaultLimits.grpc, ...limits } };
  return { createHttp2: begin => createWire(all, { begin }) };
}

/** An answer. */
export interface H2Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Opens a connection, from a local address if it is given, which the caller closes. */
export async function openH2(port: number, from?: string): Promise<ClientHttp2Session> {
  const createConnection = () => connectSocket({ host: '127.0.0.1', port, localAddress: from });
  // The type of the options does not have the first yet.
  const options: object = { strictSingleValueFields: false, ...(from && { createConnection }) };
  const session = connect(`http://127.0.0.1:${port}`, options);
  session.on('error', () => {});
  await once(session, 'connect');
  return session;
}

/** Sends a request; its headers may repeat. */
export function requestH2(
  session: ClientHttp2Session,
  path: string,
  { method = 'GET', headers = [], end = true }: H2Sent = {},
): ClientHttp2Stream {
  const pseudo = [':method', method, ':path', path, ':scheme', 'http', ':authority', '127.0.0.1'];
  const stream = session.request([...pseudo, ...headers.flat()] as never, { endStream: end });
  stream.on('error', () => {});
  return stream;
}

/** A request. */
export interface H2Sent {
  method?: string;
  headers?: readonly (readonly [name: string, value: string])[];
  /** Whether the request has no content. */
  end?: boolean;
}

/** Reads the answer to a request. */
export async function answerOf(stream: ClientHttp2Stream): Promise<H2Answer> {
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
  const body = await text(stream);
  return { status: Number(headers[':status']), headers, body };
}

/** Sends a request on a new connection and reads its answer. */
export async function askH2(
  port: number,
  path: string,
  { body, ...sent }: Omit<H2Sent, 'end'> & { body?: string | Buffer } = {},
): Promise<H2Answer> {
  const session = await openH2(port);
  try {
    const stream = requestH2(session, path, { ...sent, end: body === undefined });
    if (body !== undefined) stream.end(body);
    return await answerOf(stream);
  } finally {
    session.close();
  }
}
