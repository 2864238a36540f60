/** The listeners with TLS, which answer with the names of their caller's certificate. */

import { connect as connectH2 } from 'node:http2';
import { text } from 'node:stream/consumers';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { create, fromBinary } from '@bufbuild/protobuf';
import { HelloResponseSchema, VerifierService } from '../../../src/gen/usher/v1/verifier_pb.ts';
import { createHttpListener } from '../../../src/transport/http/listener.ts';
import { clientNamesOf } from '../../../src/transport/http/message.ts';
import { bind } from '../../../src/transport/rpc/handlers.ts';
import type { Listener } from '../../../src/transport/rpc/listener.ts';
import { type IdentityTexts, readIdentity } from '../../../src/transport/tls/identity.ts';
import type { ListenerTls, TlsLimits } from '../../../src/transport/tls/listener-tls.ts';
import { createTicketSecret } from '../../../src/transport/tls/ticket-keys.ts';
import { defaultLimits } from '../../limits.ts';
import { verifierBinding } from '../fakes.ts';
import { engines } from '../grpc/engines.ts';
import { recordingGuard } from '../guard.ts';
import { withHttp2 } from '../http/http2.ts';
import { makeCa, makeCertificate } from './make-certificate.ts';

/** Certificates that all tests of a file share. */
export function makeWorld() {
  const ca = makeCa();
  const clientCa = makeCa('Client CA');
  const names = ['DNS:localhost', 'IP:127.0.0.1'];
  const server = makeCertificate(ca, 'usher', { names });
  const client = makeCertificate(clientCa, 'gateway', {
    names: ['DNS:gateway.example', 'URI:spiffe://td/gateway'],
  });
  return { ca, clientCa, names, server, client };
}

/** A source of TLS whose identity, clock and tickets a test changes. */
export function makeTls(
  texts: IdentityTexts,
  {
    requiresClient = false,
    limits = {},
    name = 'test',
  }: Partial<Omit<ListenerTls, 'limits'>> & { limits?: Partial<TlsLimits> } = {},
) {
  const clock = { ms: Date.now() };
  const listeners = new Set<() => void>();
  const state = { current: readIdentity(texts, clock.ms) };
  const tickets = createTicketSecret();
  const tls: ListenerTls = {
    ...{ name, requiresClient, tickets, prefersHttp1: false },
    source: {
      get current() {
        return state.current;
      },
      onChange(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    limits: { ...defaultLimits.tls, ...limits },
    now: () => clock.ms,
  };
  const replace = (next: IdentityTexts) => {
    state.current = readIdentity(next, clock.ms);
    for (const listener of listeners) listener();
  };
  return { tls, tickets, clock, replace };
}

/** A listener that is asked for the names of its caller. */
export interface Kind {
  name: string;
  protocol: 'h2' | 'http/1.1';
  create(
    tls: ListenerTls | undefined,
    guard: ReturnType<typeof recordingGuard>,
    limits?: { connectionsPerSourceMax: number },
  ): Listener;
  /** Asks over a connection. */
  ask(socket: TLSSocket): Promise<string>;
}

const onBug = (error: unknown) => {
  throw error;
};

const binding = () => {
  const { handlers } = verifierBinding();
  return bind(VerifierService, {
    ...(handlers as object),
    hello: (_: unknown, call: { clientNames: readonly string[] }) =>
      create(HelloResponseSchema, { message: call.clientNames.join(' ') }),
  } as never);
};

const grpcKinds: Kind[] = engines.map(({ engine, createListener }) => ({
  name: `gRPC with ${engine}`,
  protocol: 'h2',
  create: (tls, guard, limits) =>
    createListener({
      ...{ bindings: [binding()], onBug, guard, tls },
      limits: { ...defaultLimits.grpc, ...limits },
    }),
  ask: askGrpc,
}));

const http: Kind['create'] = (tls, guard, limits) =>
  createHttpListener({
    ...withHttp2({ bindings: [binding()], onBug, guard }),
    routes: [
      {
        path: '/names',
        methods: ['GET'],
        handle: (req, res) => void res.end(clientNamesOf(req).join(' ')),
      },
    ],
    ...{ limits: { ...defaultLimits.http, ...limits }, corsOrigins: [], onBug, guard, tls },
  });

/** Every kind of listener, by the protocols that it speaks. */
export const kinds: readonly Kind[] = [
  ...grpcKinds,
  { name: 'gRPC on the HTTP port', protocol: 'h2', create: http, ask: askGrpc },
  { name: 'HTTP/2', protocol: 'h2', create: http, ask: askHttp2 },
  { name: 'HTTP/1.1', protocol: 'http/1.1', create: http, ask: askHttp1 },
];

async function askHttp1(socket: TLSSocket): Promise<string> {
  socket.write('GET /names HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  const [head = '', body] = (await text(socket)).split('\r\n\r\n');
  if (!head.startsWith('HTTP/1.1 200') || body === undefined) throw new Error(`answer: ${head}`);
  return body;
}

async function askHttp2(socket: TLSSocket): Promise<string> {
  return (await post(socket, { ':path': '/names' })).toString();
}

async function askGrpc(socket: TLSSocket): Promise<string> {
  const headers = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' };
  const path = '/usher.v1.VerifierService/Hello';
  const bytes = await post(socket, { ...headers, ':path': path }, Buffer.alloc(5));
  return fromBinary(HelloResponseSchema, bytes.subarray(5)).message;
}

async function post(socket: TLSSocket, headers: object, body?: Buffer): Promise<Buffer> {
  const session = connectH2('https://localhost', { createConnection: () => socket });
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  session.on('error', reject).on('close', () => reject(new Error('the connection was closed')));
  const stream = session.request({ ...headers }, { endStream: body === undefined });
  stream.on('error', reject);
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  let hasAnswer = false;
  stream.on('response', () => {
    hasAnswer = true;
  });
  stream.on('end', () => {
    if (hasAnswer) resolve(Buffer.concat(chunks));
    else reject(new Error('there is no answer'));
  });
  if (body !== undefined) stream.end(body);
  try {
    return await promise;
  } finally {
    session.close();
  }
}

/** What a caller learned. */
export interface Asked {
  names: string;
  wasResumed: boolean;
  version: string | null;
  /** A ticket for later. */
  session: Buffer | undefined;
}

/** Connects and asks; rejects if the connection is closed before there is an answer. */
export async function askOver(
  { protocol, ask }: Kind,
  port: number,
  options: ConnectionOptions,
): Promise<Asked> {
  const socket = await open(port, { ALPNProtocols: [protocol], ...options });
  // TLS 1.3 sends tickets after the handshake.
  let session = socket.getProtocol() === 'TLSv1.2' ? socket.getSession() : undefined;
  socket.on('session', ticket => {
    session = ticket;
  });
  try {
    // Once it is closed, it no longer knows.
    const [wasResumed, version] = [socket.isSessionReused(), socket.getProtocol()];
    const names = await ask(socket);
    return { names, wasResumed, version, session };
  } finally {
    socket.destroy();
  }
}

/** Opens a connection with TLS. */
export function open(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const all = { host: '127.0.0.1', servername: 'localhost', port, ...options };
    const socket = connect(all, () => resolve(socket));
    socket.on('error', reject).on('close', () => reject(new Error('the connection was closed')));
  });
}

/** Starts a listener of a kind, with a guard that records. */
export async function start(
  kind: Kind,
  tls: ListenerTls | undefined,
  limits?: Parameters<Kind['create']>[2],
) {
  const guard = recordingGuard(defaultLimits.grpc);
  const listener = kind.create(tls, guard, limits);
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  return { port, guard, listener, stop: () => listener.stop(0) };
}
