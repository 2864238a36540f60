/** What the tests of the SDK against real servers share. */

import { expect, onTestFinished, vi } from 'vitest';
import type { Usher } from '../../src/client/usher.ts';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { adminOf } from './api.ts';
import type { TestServer } from './run-server.ts';

/** Ends a thing when the test has ended. */
export const ending = <T>(thing: T, end: (thing: T) => unknown): T => {
  onTestFinished(async () => void (await end(thing)));
  return thing;
};
/** Looks until it is so. */
export const soon = <T>(look: () => T | Promise<T>) =>
  vi.waitFor(look, { interval: 5, timeout: 20_000 });
/** Closes a client when the test has ended. */
export const closing = (usher: Usher) => ending(usher, ({ close }) => close());
/** Creates a static token. */
export const makeToken = async (server: Pick<TestServer, 'manager' | 'adminToken'>) => {
  const made = await adminOf(server).create({ kind: Kind.STATIC, name: 'a', owner: 'shop' });
  return { token: made.token, id: made.accessToken?.id ?? '' };
};
/** Asks until the answer is in memory, which takes a watch. */
export const keep = (usher: Usher, token: string) =>
  soon(async () => {
    expect(await usher.verify(token)).toMatchObject({ valid: true, identity: { owner: 'shop' } });
    expect(usher.cached(token)).toBeDefined();
  });
