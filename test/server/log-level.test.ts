/** The level of the log is changed while a server runs, with its workers. */

import { ConnectError } from '@connectrpc/connect';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AccessTokenService, Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { LogService } from '../../src/gen/usher/v1/log_pb.ts';
import { runUsher } from '../cli/run-usher.ts';
import { until } from '../until.ts';
import { adminOf, clientOf } from './api.ts';
import { startUsherProcess, type UsherProcess, workerPids } from './usher-process.ts';

let usher: UsherProcess;
const settings = () => ({
  USHER_MANAGER_URL: `http://${usher.manager}`,
  USHER_ADMIN_TOKEN: usher.adminToken,
});
const level = (...args: string[]) => runUsher(['log', 'level', ...args], settings());

beforeAll(async () => {
  usher = await startUsherProcess({ USHER_WORKERS: '2', USHER_LOG_LEVEL: 'warn' });
});
afterAll(() => usher?.remove());

/** A request that a worker answers, on a connection of its own. */
async function ask(): Promise<void> {
  await fetch(`http://${usher.http}/`, { headers: { connection: 'close' } });
}

test('every worker takes the new level, and one that is started later too', async () => {
  expect((await level()).out).toBe('warn\n');
  expect((await level('debug')).out).toBe('the log has the level debug now; it was warn\n');
  expect((await level()).out).toBe('debug (USHER_LOG_LEVEL is warn)\n');
  const pids = new Set<unknown>();
  const here = async () => {
    await ask();
    for (const { message, pid } of usher.log) if (message === 'call') pids.add(pid);
    const workers = await workerPids(usher);
    return workers.length === 2 && workers.every(pid => pids.has(pid));
  };
  await until(here);
  const [first] = await workerPids(usher);
  process.kill(first as number, 'SIGKILL');
  await until(async () => !(await workerPids(usher)).includes(first as number));
  await until(here);
});

test('the audit log says who changed it, from what to what', async () => {
  const { events } = await clientOf(
    AccessTokenService,
    usher.manager,
    usher.adminToken,
  ).listAuditEvents({});
  const changes = events.filter(({ action }) => action === 'log.level');
  expect(changes).toMatchObject([{ actor: 'admin', detail: 'from warn to debug' }]);
});

test('only the scope usher.admin may, without an owner', async () => {
  const admin = adminOf(usher);
  const made = async (fields: { scopes: string[]; owner?: string }) =>
    (await admin.create({ kind: Kind.STATIC, name: 'n', ...fields })).token;
  for (const token of [
    await made({ scopes: ['usher.tokens.read'] }),
    await made({ scopes: ['usher.admin'], owner: 'shop' }),
    'usher_nothing',
  ]) {
    const client = clientOf(LogService, usher.manager, token);
    for (const call of [client.getLogLevel({}), client.setLogLevel({ level: 'silent' })]) {
      const error = await call.catch(ConnectError.from);
      expect(error).toBeInstanceOf(ConnectError);
    }
  }
  expect((await level()).out).toBe('debug (USHER_LOG_LEVEL is warn)\n');
});

test('an unknown level is named, with those that there are', async () => {
  const ran = await level('loud');
  expect(ran.code).toBe(2);
  expect(ran.err).toContain('fatal, error, warn, info, debug, trace, silent');
});
