/** Opens the TLS connections of the SDK on Node. */

import { Agent } from 'node:https';
import { isIP } from 'node:net';
import { connect, createSecureContext, type TLSSocket } from 'node:tls';
import { tlsFault } from '../tls/fault.ts';
import { unknownName } from './requirement.ts';

/** PEM, as `tls.connect` of Node and `credentials.createSsl` of grpc-js take it. */
export interface TlsOptions {
  /** The authorities that may sign Usher's certificate; by default those that Node trusts. */
  ca?: string | Buffer;
  /** The certificate of this service, where Usher asks for one (USHER_TLS_CLIENT_CA_FILE). */
  cert?: string | Buffer;
  /** The key of that certificate. */
  key?: string | Buffer;
}

/** The options, or a function that is called for each new connection. */
export type TlsSource = TlsOptions | (() => TlsOptions);

/** How long after a refused certificate no other handshake is tried, in milliseconds. */
const holdMs = 1000;
const names = ['ca', 'cert', 'key'];

/** Throws TypeError for options that cannot be used; the message contains none of them. */
export function checkTls(tls: TlsSource, addresses: readonly string[]): void {
  const plain = addresses.find(address => !address.startsWith('https://'));
  if (plain !== undefined) {
    throw new TypeError(`tls is for addresses with https://, which ${plain} is not`);
  }
  if (typeof tls !== 'function') createContext(tls);
}

/** Opens a connection to the host and port of an https URL. Throws where there is no point in it. */
export type TlsConnect = (alpn: string) => TLSSocket;

/**
 * Opens connections with these options. After a handshake that failed by a certificate, the same
 * error is thrown for a second without a connection, so that a wrong authority causes no storm of
 * handshakes.
 */
export function tlsConnect(address: string, tls: TlsSource): TlsConnect {
  const { hostname, port } = new URL(address);
  const host = hostname.replace(/^\[|\]$/g, '');
  let failed: { error: Error; untilMs: number } | undefined;
  return alpn => {
    if (failed !== undefined && performance.now() < failed.untilMs) throw failed.error;
    const socket = connect({
      host,
      port: port === '' ? 443 : Number(port),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ALPNProtocols: [alpn],
      secureContext: createContext(typeof tls === 'function' ? tls() : tls),
    });
    socket.on('error', error => {
      if (tlsFault(error) !== undefined) failed = { error, untilMs: performance.now() + holdMs };
    });
    return socket;
  };
}

/** An agent for https that opens its connections so. */
export function tlsAgent(open: TlsConnect): Agent {
  const agent = new Agent({ keepAlive: true });
  return Object.assign(agent, { createConnection: () => open('http/1.1') });
}

function createContext(tls: TlsOptions) {
  const unknown = Object.keys(tls).find(name => !names.includes(name));
  if (unknown !== undefined) throw unknownName('tls', unknown, names);
  const { ca, cert, key } = tls;
  if ((cert === undefined) !== (key === undefined)) {
    throw new TypeError('tls needs both cert and key, or neither');
  }
  // Node ignores a text in which it finds no certificate.
  if (ca !== undefined && !/-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/.test(String(ca))) {
    throw new TypeError('tls.ca holds no certificate in PEM');
  }
  try {
    return createSecureContext({ ca, cert, key });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    throw new TypeError(`tls.cert and tls.key are not a certificate and its key in PEM${code}`);
  }
}
