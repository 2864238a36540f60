/** The addresses of Usher, and which of them is in use. */

import { type Client, createClient, type Transport } from '@connectrpc/connect';
import { VerifierService } from '../gen/usher/v1/verifier_pb.ts';

/** A connection to one address. */
export interface Link {
  /** Of ConnectRPC: any of its transports. */
  transport: Transport;
  /** Whether it can carry a stream in both directions. */
  streams: boolean;
  /** It fell silent: what is asked from now on goes over a new connection. */
  reset?(): void;
  /** Ends its connections. */
  close?(): void;
}

/** Connects to an address; nothing is sent before the first call. */
export type Connect = (address: string) => Link;

/** One address. */
export interface UsherLink {
  client: Client<typeof VerifierService>;
  streams: boolean;
  reset(): void;
  close(): void;
}

/** The addresses. */
export interface Links {
  all: readonly UsherLink[];
  /** The place, among all, of the one in use: that which is watched. */
  current(): number;
  /** Uses the next one, unless another is in use by now. */
  leave(place: number): void;
  close(): void;
}

/** Connects to addresses, each of which is as good as the others. */
export function createLinks(addresses: readonly string[], connect: Connect): Links {
  if (addresses.length === 0) throw new TypeError('addresses is empty: name at least one');
  const all = addresses.map(address => {
    const { transport, streams, reset, close } = connect(address);
    return {
      client: createClient(VerifierService, transport),
      streams,
      reset: () => reset?.(),
      close: () => close?.(),
    };
  });
  let current = 0;
  return {
    all,
    current: () => current,
    leave(place) {
      if (place === current) current = (place + 1) % all.length;
    },
    close() {
      for (const link of all) link.close();
    },
  };
}
