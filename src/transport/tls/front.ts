/** Ends TLS on the sockets that a listener has accepted. */

import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { sourceOf } from '../../tokens/source.ts';
import type { Guard, HandshakeFault } from '../rpc/guard.ts';
import { chainOf, namesOf, standsBehind } from './client-names.ts';
import { faultOf } from './faults.ts';
import { createHandshakes } from './handshakes.ts';
import { endOf } from './identity.ts';
import { type ListenerTls, tlsOptions } from './listener-tls.ts';
import { beginsTls, plainTextAnswer } from './plain-text.ts';

/** A secured connection. */
export interface PeerSocket extends TLSSocket {
  /** The names of the client certificate; absent without one. */
  clientNames?: readonly string[];
}

/** What a listener may speak, by its name in ALPN (RFC 7301). */
export type Protocol = 'h2' | 'http/1.1';

/** What a front needs. */
export interface TlsFrontDeps {
  tls: ListenerTls;
  /** The protocols that the listener speaks, the best one first. */
  protocols: readonly Protocol[];
  guard: Pick<Guard, 'handshakeFailed'>;
  /** Serves a connection; `raw` is the socket that was accepted for it. */
  serve(socket: PeerSocket, raw: Socket): void;
}

/** The handshakes of a listener. */
export interface TlsFront {
  /** Begins the handshake of a socket that was not read. */
  accept(raw: Socket): void;
  /**
   * Gives the handshakes that are under way this much time, in milliseconds. Resolves once all of them
   * are served or closed.
   */
  stop(ms: number): Promise<void>;
}

/** Creates the front of a listener. */
export function createTlsFront(deps: TlsFrontDeps): TlsFront {
  const { tls, guard } = deps;
  const underWay = createHandshakes(tls.limits);
  /** The client certificates of open connections, each with its chain. */
  const chains = new Map<TLSSocket, X509Certificate[]>();
  let cas = tls.source.current.clientCas;
  /** How often a CA was removed: now, and when a connection began. */
  let cuts = 0;
  const cutsBefore = new WeakMap<Socket, number>();
  const fail = (fault: HandshakeFault, address: string | undefined, detail: string) =>
    guard.handshakeFailed(fault, sourceOf(address ?? ''), detail);

  const server = createServer({
    ...tlsOptions(tls),
    ALPNProtocols: [...deps.protocols],
    requestCert: tls.source.current.ca !== undefined,
    // A client may have none; one that has a certificate is judged below.
    rejectUnauthorized: false,
    // This one begins again with every byte.
    handshakeTimeout: noTimeout,
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException, { remoteAddress }) =>
    fail(faultOf(error), remoteAddress, error.code ?? ''),
  );
  server.on('secureConnection', (socket: PeerSocket) => {
    const raw = underWay.end(socket);
    // Its peer is gone.
    if (raw === undefined) return socket.destroy();
    const refusal = refusalOf(socket, deps);
    if (refusal !== undefined) {
      fail(refusal.fault, socket.remoteAddress, refusal.detail);
      return socket.destroy();
    }
    const leaf = clientCertificate(socket);
    if (leaf !== undefined) {
      const chain = chainOf(leaf);
      // It was verified by the CAs with which its handshake began.
      if (cutsBefore.get(raw) !== cuts && !standsBehind(cas, chain, tls.now())) {
        fail('client-certificate', socket.remoteAddress, 'its CA was removed');
        return socket.destroy();
      }
      chains.set(socket, chain);
      socket.once('close', () => chains.delete(socket));
      socket.clientNames = namesOf(leaf);
    }
    deps.serve(socket, raw);
  });
  const replace = () => server.setSecureContext(tlsOptions(tls));
  const unfollow = [
    tls.tickets.onChange(replace),
    tls.source.onChange(() => {
      replace();
      const { clientCas } = tls.source.current;
      const isKept = ({ raw }: X509Certificate) => clientCas.some(ca => ca.raw.equals(raw));
      // A session that was resumed has the client's certificate alone, without its intermediate CAs.
      const wasCut = !cas.every(isKept);
      cas = clientCas;
      if (!wasCut) return;
      cuts++;
      for (const [socket, chain] of chains) {
        if (!standsBehind(cas, chain, tls.now())) socket.destroy();
      }
    }),
  ];

  return {
    accept(raw) {
      cutsBefore.set(raw, cuts);
      underWay.begin(raw, error => fail(faultOf(error), raw.remoteAddress, ''));
      // It may keep its side open.
      raw.once('end', () => raw.destroySoon());
      raw.once('data', (chunk: Buffer) => {
        if (beginsTls(chunk)) {
          // A caller that ends its side during the handshake has left.
          raw.allowHalfOpen = false;
          // It reads what is put back before it takes the socket over.
          raw.pause();
          raw.unshift(chunk);
          server.emit('connection', raw);
          return;
        }
        fail('plain-text', raw.remoteAddress, '');
        const answer = plainTextAnswer(chunk);
        if (answer === undefined) raw.destroy();
        else raw.end(answer, () => raw.destroySoon());
      });
    },
    async stop(ms) {
      await underWay.stop(ms);
      for (const stop of unfollow) stop();
    },
  };
}

/** A day: longer than any handshake may take. */
const noTimeout = 86_400_000;

/** The certificate of a connection's client. */
function clientCertificate(socket: TLSSocket): X509Certificate | undefined {
  return socket.getPeerX509Certificate();
}

/** Why a connection is not served although its handshake went well. */
function refusalOf(
  socket: TLSSocket,
  { tls, protocols }: TlsFrontDeps,
): { fault: HandshakeFault; detail: string } | undefined {
  // RFC 9113 section 3.2: HTTP/2 over TLS is agreed on by ALPN. HTTP/1.1 needs none.
  const speaks = socket.alpnProtocol || 'http/1.1';
  if (!protocols.some(each => each === speaks)) return { fault: 'alpn', detail: 'none offered' };
  if (tls.source.current.ca === undefined) return undefined;
  const leaf = clientCertificate(socket);
  if (leaf === undefined) {
    return tls.requiresClient ? { fault: 'no-client-certificate', detail: '' } : undefined;
  }
  if (!socket.authorized) {
    return { fault: 'client-certificate', detail: String(socket.authorizationError) };
  }
  // A session that is resumed was verified when it began.
  const hasEnded = tls.now() > endOf(leaf);
  return hasEnded ? { fault: 'client-certificate', detail: 'CERT_HAS_EXPIRED' } : undefined;
}
