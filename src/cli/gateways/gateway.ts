/** What the gateways' configurations have in common. */

/** What goes into a configuration. Addresses are "host:port". */
export interface GatewaySettings {
  /** Usher's gRPC listener. */
  grpc: string;
  /** Usher's HTTP listener. */
  http: string;
  /** The address on which the gateway listens. */
  listen: string;
  /** The service behind the gateway. */
  upstream: string;
  /** Scopes that every request's token must have. */
  scopes: readonly string[];
  /** The required audience of every request's token; "" for any. */
  audience: string;
  /** How Usher is reached over TLS; undefined for plain text. */
  tls: GatewayTls | undefined;
  /** The file from which the gateway reads the token that shows Usher who asks; "" for none. */
  callerToken: string;
}

/** TLS from the gateway to Usher. Paths are as the gateway finds them. */
export interface GatewayTls {
  /** The host name that Usher's certificate must have. */
  name: string;
  /** The file with the authorities that may sign it. */
  ca: string;
  /** The gateway's own certificate and its key; undefined for none. */
  own: { cert: string; key: string } | undefined;
}

/** The header that shows Usher who asks. The gateway's clients must never be able to send it. */
export const callerHeader = 'X-Usher-Caller';

/** Makes a gateway's configuration: file name → text. The first line says how to run it. */
export type GatewayConfig = (settings: GatewaySettings) => Record<string, string>;

/** The headers that tell the upstream the caller's identity. */
export const identityHeaders = [
  'X-Usher-Token-Id',
  'X-Usher-Kind',
  'X-Usher-Owner',
  'X-Usher-Subject',
  'X-Usher-Scopes',
  'X-Usher-Revision',
] as const;

/** What a token with limits has left, for the client (docs/counting-limits.md). */
export const rateLimitHeaders = ['RateLimit-Policy', 'RateLimit'] as const;

/** The names of headers that a client must not be able to send to the service or to Usher. */
export const reservedHeaders = [...identityHeaders, callerHeader] as const;

/** The path of /forward-auth. It always has a query, so that no gateway adds the client's. */
export function forwardAuthPath({ scopes, audience }: GatewaySettings, flavour = ''): string {
  const query = new URLSearchParams();
  if (flavour !== '') query.set('flavour', flavour);
  query.set('scopes', scopes.join(' '));
  if (audience !== '') query.set('audience', audience);
  return `/forward-auth?${query}`;
}

/** The host (an IPv6 address without brackets) and port of an address. */
export function hostAndPort(address: string): { host: string; port: string } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host, port: address.slice(colon + 1) };
}
