/** The audit log in words over the servers of one store: what one does, the other finds. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { AccessTokenService, AuditOutcome, Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { runUsher } from '../cli/run-usher.ts';
import { adminOf, clientOf } from './api.ts';
import type { Place } from './place.ts';
import { runServer, type TestServer } from './run-server.ts';

/** Registers the tests, for a place whose store one server can have, or several. */
export function describeAuditFilters(openPlace: () => Promise<Place>, isShared: boolean): void {
  let place: Place;
  let one: TestServer;
  let other: TestServer;
  let id = '';
  const byRobot = async (admin: ReturnType<typeof adminOf>) => {
    const made = await admin.create({
      ...{ kind: Kind.STATIC, name: 'deploy robot', scopes: ['usher.admin'] },
    });
    return clientOf(AccessTokenService, one.manager, `Bearer ${made.token}`);
  };

  beforeAll(async () => {
    place = await openPlace();
    const env = { USHER_STORE: place.url };
    one = await runServer(env);
    other = isShared ? await runServer(env) : one;
    const admin = adminOf(one);
    const robot = await byRobot(admin);
    const { accessToken } = await robot.create({ kind: Kind.JWT, name: 'shop', owner: 'red' });
    id = accessToken?.id ?? '';
    await robot.revokeJwts({ id, target: { case: 'subject', value: 'user-17' } });
    await admin.update({
      accessToken: { id, revision: 2n, name: 'web shop' },
      updateMask: { paths: ['name'] },
    });
    await clientOf(AccessTokenService, one.manager, 'Bearer wrong')
      .get({ id })
      .catch(() => undefined);
  });
  afterAll(async () => {
    await one?.stop();
    if (isShared) await other?.stop();
    await place?.end();
  });

  test('the other server finds events by actor, name, owner, action, outcome and time', async () => {
    const found = async (filter: Parameters<ReturnType<typeof adminOf>['listAuditEvents']>[0]) => {
      const page = await adminOf(other).listAuditEvents({ oldestFirst: true, ...filter });
      return page.events.map(({ sequence, action }) => `${sequence} ${action}`);
    };
    expect(await found({ actor: 'robot' })).toEqual(['2 token.create', '3 jwt.revoke']);
    const ofShop = ['2 token.create', '3 jwt.revoke', '4 token.update'];
    expect(await found({ tokenName: 'WEB' })).toEqual(ofShop);
    expect(await found({ owner: 'red' })).toEqual(ofShop);
    expect(await found({ tokenId: id, actions: ['jwt'] })).toEqual(['3 jwt.revoke']);
    expect(await found({ outcome: AuditOutcome.REFUSED })).toEqual(['5 call.refused']);
    expect(await found({ until: { seconds: 1n } })).toEqual([]);
  });

  test('names of that time are in the event, those of now beside it', async () => {
    const { events, names } = await adminOf(other).listAuditEvents({ actions: ['jwt.revoke'] });
    expect(events).toMatchObject([{ actorName: 'deploy robot', tokenName: 'shop' }]);
    expect(names).toMatchObject({ [id]: 'web shop' });
  });

  test('the other server tells which entry revoked a subject', async () => {
    const find = (value: string) => adminOf(other).findJwtRevocations({ value });
    expect((await find('user-17')).matches).toMatchObject([{ event: { sequence: 3n } }]);
    expect((await find('user-18')).matches).toEqual([]);
  });

  test('the command line tells it in words, and verifies the log', async () => {
    const env = {
      USHER_MANAGER_URL: `http://${other.manager}`,
      USHER_ADMIN_TOKEN: other.adminToken,
    };
    const { out } = await runUsher(['audit', 'list', '--by', 'robot', '--json'], env);
    const { events } = JSON.parse(out) as { events: { sentence: string }[] };
    expect(events.map(({ sentence }) => sentence)).toEqual([
      'deploy robot revoked the JWTs of one subject of shop (now web shop)',
      'deploy robot created shop (now web shop) (jwt): owner red',
    ]);
    expect(await runUsher(['audit', 'verify', '--records'], env)).toMatchObject({ code: 0 });
  });
}
