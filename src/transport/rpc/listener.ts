/** The interface of every listener: listen, and stop without breaking calls in flight. */

import type { AddressInfo, Server } from 'node:net';
import { awakeTimeout } from '../../timing/awake.ts';

/** The address to listen on. */
interface Address {
  /** A host name or IP address. */
  host: string;
  /** 0 for any free port. */
  port: number;
}

/** A listener for one address. */
export interface Listener {
  /** Resolves with the bound address; rejects when it cannot be bound. */
  listen(address: Address): Promise<AddressInfo>;
  /** The number of open connections. */
  connections(): number;
  /** Accepts no more calls; those in flight have `graceMs` milliseconds to finish. */
  stop(graceMs: number): Promise<void>;
}

/** Has a server listen. Resolves with the bound address; rejects when it cannot be bound. */
export function listenOn(server: Server, { host, port }: Address): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

/** Waits for work. After `graceMs` milliseconds `force` is called, which must make it end. */
export async function within(
  graceMs: number,
  work: Promise<unknown>,
  force: () => void,
): Promise<void> {
  const timer = awakeTimeout(force, graceMs);
  await work;
  timer.clear();
}
