import type { Peer, Wire } from '../peer.ts';

/** Usher on a wire: what the others of that wire are beside. It runs before this starts. */
export function usherOn(wire: Wire): Peer {
  return {
    name: 'usher',
    wire,
    get: async () => 'Usher',
    start: async ({ headers, usher, revoke }) => ({
      pids: () => [usher.pid],
      address: wire === 'grpc' || wire === 'check' ? usher.grpc : usher.http,
      headers,
      revoke,
      stop: async () => undefined,
    }),
    does: 'finds a proven header by its SHA-256, then judges time, revocation, audience, scope and limits',
    cannot: '',
  };
}
