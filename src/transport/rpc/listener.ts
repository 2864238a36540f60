/** What every listener offers to the server: listen, and stop without breaking calls in flight. */

import type { AddressInfo } from 'node:net';

/** Where to listen. */
export interface Address {
  host: string;
  /** 0 takes any free port. */
  port: number;
}

/** A listener. */
export interface Listener {
  /** Resolves with the address in use; rejects when it cannot be had. */
  listen(address: Address): Promise<AddressInfo>;
  /** Open connections. */
  connections(): number;
  /** Takes no more calls, lets those in flight finish within the grace, and then ends them. */
  stop(graceMs: number): Promise<void>;
}

/** Waits for work, but not longer than the grace: then it is forced to end, and waited for. */
export async function within(
  graceMs: number,
  work: Promise<unknown>,
  force: () => void,
): Promise<void> {
  const timer = setTimeout(force, graceMs);
  await work;
  clearTimeout(timer);
}
