/** The connections to the servers, and which of them is in use. */

import { type Client, createClient, type Transport } from '@connectrpc/connect';
import { VerifierService } from '../gen/usher/v1/verifier_pb.ts';
import { type CallerToken, withCallerToken } from './caller-token.ts';

/** A connection to one address, as a custom transport provides it. */
export interface Link {
  /** Any transport of ConnectRPC. */
  transport: Transport;
  /** Whether it supports bidirectional streams. */
  streams: boolean;
  /** Called when the server stopped answering: later calls must use a new connection. */
  reset?(): void;
  /** Closes its connections. */
  close?(): void;
}

/** Creates the link for an address; nothing is sent before the first call. */
export type Connect = (address: string) => Link;

/** A link with a client for VerifierService. */
export interface UsherLink {
  /** As it was given. */
  address: string;
  client: Client<typeof VerifierService>;
  /** Whether it supports bidirectional streams. */
  streams: boolean;
  /** Makes later calls use a new connection. */
  reset(): void;
  /** Closes its connections. */
  close(): void;
}

/** The links to all addresses. */
export interface Links {
  /** In the order of the addresses. */
  all: readonly UsherLink[];
  /** The index of the link in use, which is the one that is watched. */
  current(): number;
  /** Switches to the next link if the one at this index is still in use. */
  leave(place: number): void;
  /** Closes all links. */
  close(): void;
}

/**
 * Creates links to equivalent addresses, whose calls carry the caller's token if there is one. Throws
 * TypeError if there are none.
 */
export function createLinks(
  addresses: readonly string[],
  connect: Connect,
  callerToken?: CallerToken,
): Links {
  if (!Array.isArray(addresses)) throw new TypeError('addresses is not a list');
  if (addresses.length === 0) throw new TypeError('addresses is empty: name at least one');
  const all = addresses.map(address => {
    const { transport, streams, reset, close } = connect(address);
    const known = callerToken === undefined ? transport : withCallerToken(transport, callerToken);
    return {
      address,
      client: createClient(VerifierService, known),
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
