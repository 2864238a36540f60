/** Measures for how long a revoked token stays valid. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Running, Wire } from './peer.ts';
import { wires } from './wires.ts';

/** What is given up on: the token is still valid after so long. */
const msMax = 15_000;
/** After so long without a "valid", the last one was the last. */
const quietMs = 300;

/**
 * Revokes the spare token while its holder goes on using it. The time from the acknowledged
 * revocation to the start of the last question that was answered "valid", in milliseconds: 0 if
 * there was none, Infinity if it did not end.
 */
export async function revokedAfterMs(
  wire: Wire,
  peer: Running,
  token: string,
): Promise<number | undefined> {
  if (peer.revoke === undefined) return undefined;
  const { ask } = wires[wire];
  if (!(await ask(peer, token)).valid) throw new Error('the spare token is not valid');
  await peer.revoke();
  const revokedAt = performance.now();
  let lastValid = revokedAt;
  for (let asked = revokedAt; asked - lastValid < quietMs; asked = performance.now()) {
    if ((await ask(peer, token)).valid) lastValid = asked;
    if (asked - revokedAt > msMax) return Number.POSITIVE_INFINITY;
    await sleep(1);
  }
  return lastValid - revokedAt;
}
