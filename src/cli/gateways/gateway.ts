/** What the configuration of a gateway is made from. */

/** Addresses are "host:port". */
export interface GatewaySettings {
  /** Usher's gRPC listener. */
  grpc: string;
  /** Usher's HTTP listener. */
  http: string;
  /** Where the gateway is to listen. */
  listen: string;
  /** The service behind the gateway. */
  upstream: string;
  /** Scopes that every request's token must have. */
  scopes: readonly string[];
  /** The audience that every request's token must be meant for; "" for any. */
  audience: string;
}

/** The files of a gateway's configuration: name → text. The first line says how to run it. */
export type GatewayConfig = (settings: GatewaySettings) => Record<string, string>;

/** The headers that tell the upstream who calls. */
export const identityHeaders = [
  'X-Usher-Token-Id',
  'X-Usher-Kind',
  'X-Usher-Owner',
  'X-Usher-Subject',
  'X-Usher-Scopes',
  'X-Usher-Revision',
] as const;

/** The address of /forward-auth. It always has a query, where a client's can't take its place. */
export function forwardAuthPath({ scopes, audience }: GatewaySettings, flavour = ''): string {
  const query = new URLSearchParams();
  if (flavour !== '') query.set('flavour', flavour);
  query.set('scopes', scopes.join(' '));
  if (audience !== '') query.set('audience', audience);
  return `/forward-auth?${query}`;
}

/** Host and port of an address. */
export function hostAndPort(address: string): { host: string; port: string } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host, port: address.slice(colon + 1) };
}
