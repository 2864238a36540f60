/** The options of `usher config` for TLS from the gateway to Usher. */

import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';
import { UsageError } from './exit-codes.ts';
import { type GatewayTls, hostAndPort } from './gateways/gateway.ts';

/** Where Debian, Alpine and their images have the authorities of the machine. */
export const machineCa = '/etc/ssl/certs/ca-certificates.crt';

/** The options, as commander gives them. */
export interface GatewayTlsOptions {
  tls?: true;
  tlsCa?: string;
  tlsName?: string;
  tlsCert?: string;
  tlsKey?: string;
}

/** TLS to the address of Usher; undefined for plain text. Throws UsageError. */
export function gatewayTls(
  gateway: string,
  usher: string,
  { tls, tlsCa, tlsName, tlsCert, tlsKey }: GatewayTlsOptions,
): GatewayTls | undefined {
  if (!tls && [tlsCa, tlsName, tlsCert, tlsKey].every(option => option === undefined)) {
    return undefined;
  }
  return {
    name: nameOf(gateway, hostAndPort(usher).host, tlsName),
    ca: tlsCa ?? machineCa,
    own: ownOf(gateway, tlsCert, tlsKey),
  };
}

function nameOf(gateway: string, host: string, given: string | undefined): string {
  const isAddress = isIP(host) !== 0;
  const isLocal = /^(127\..*|::1|localhost)$/.test(host);
  // Traefik takes the name from the address, so that another name leads elsewhere.
  if (gateway === 'traefik' && given !== undefined && given !== host && !isLocal) {
    throw new UsageError('traefik verifies the host of --http: leave out --tls-name');
  }
  if (given !== undefined) return given;
  // Several gateways verify names alone, no addresses.
  if (isLocal) return 'localhost';
  if (isAddress)
    throw new UsageError("--tls-name is missing: the host name in Usher's certificate");
  return host;
}

function ownOf(
  gateway: string,
  cert: string | undefined,
  key: string | undefined,
): GatewayTls['own'] {
  if (gateway === 'haproxy') {
    if (key !== undefined) {
      throw new UsageError(
        'haproxy reads the key from the file of --tls-cert: leave out --tls-key',
      );
    }
    return cert === undefined ? undefined : { cert, key: cert };
  }
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert === undefined && key === undefined) return undefined;
  throw new UsageError(`--tls-${cert === undefined ? 'cert' : 'key'} is missing beside the other`);
}

/** Parses a path, which is written into configurations and so may contain none of their syntax. */
export function filePath(text: string): string {
  if (/^[A-Za-z0-9._/@+:=~-]+$/.test(text)) return text;
  throw new InvalidArgumentError('a path here has letters, digits and ._/@+:=~- alone');
}

/** Parses a host name. */
export function hostName(text: string): string {
  if (/^[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$/.test(text) && isIP(text) === 0) return text;
  throw new InvalidArgumentError('a host name here is one such as usher.internal, and no address');
}
