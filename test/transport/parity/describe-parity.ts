/** Plays the parity cases through every door of a server, twice, on one of the stores, with each engine. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeStatic } from '../../gateways/tokens.ts';
import { runServer, type TestServer } from '../../server/run-server.ts';
import type { World } from './case.ts';
import { parityCases } from './cases.ts';
import { type CallerHeaders, type ParityDoor, parityDoors } from './doors.ts';
import { makeWorld } from './world.ts';

/** Where the server keeps its tokens. */
export interface ParityStore {
  /** The settings that name it; none for an embedded store of the server's own. */
  env: Record<string, string>;
  /** Where its callers reach an address of the server, if that is elsewhere. */
  reach?(address: string): Promise<string>;
  stop(): Promise<void>;
}

const engines = ['h2', 'grpc-js'];

/** Plays the parity cases on a store, for callers that are let in by this way. */
export function describeParity(
  store: string,
  open: () => Promise<ParityStore>,
  access: 'open' | 'token' | 'mtls' = 'open',
): void {
  const title = `every door gives the same verdict, on ${store}, access ${access}, with %s`;
  describe.each(engines)(title, engine => {
    let opened: ParityStore;
    let server: TestServer;
    let world: World;
    let doors: ParityDoor[];

    beforeAll(async () => {
      opened = await open();
      const started = await runServer({
        ...{ USHER_GRPC_ENGINE: engine, USHER_VERIFY_ACCESS: access },
        ...opened.env,
      });
      const { reach = async address => address } = opened;
      const { grpc, http, manager } = started;
      server = {
        ...started,
        ...{ grpc: await reach(grpc), http: await reach(http), manager: await reach(manager) },
      };
      world = await makeWorld(server);
      doors = parityDoors(server, access === 'token' ? await callerToken(server) : []);
    });
    afterAll(async () => {
      await server.stop();
      await opened.stop();
    });

    test.each(parityCases.map(each => [each.name, each] as const))('%s', async (_, each) => {
      const { audience = '', scopes = [] } = each;
      const asksMore = audience !== '' || scopes.length > 0;
      const outcomes: Record<string, string> = {};
      for (const round of ['first', 'again']) {
        for (const door of doors) {
          if (asksMore && !door.asksMore) continue;
          outcomes[`${door.name}, ${round}`] = await door.ask(
            each.headers(world),
            audience,
            scopes,
          );
        }
      }
      const expected = Object.keys(outcomes).map(name => [name, each.expected]);
      expect(outcomes).toEqual(Object.fromEntries(expected));
    });

    test('no token, secret or claim is in the log', () => {
      const log = server.logged.join('');
      expect(log).not.toContain(world.good);
      expect(log).not.toContain(world.imported.plain);
      expect(log).not.toContain(world.jwt.secret);
      expect(log).not.toContain('lost-phone');
      expect(log).not.toContain('mallory');
    });
  });
}

async function callerToken(server: TestServer): Promise<CallerHeaders> {
  const { token } = await makeStatic(server, { scopes: ['usher.verify'] });
  return [['x-usher-caller', token]];
}
