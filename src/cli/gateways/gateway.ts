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
}

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
