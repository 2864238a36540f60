/** All doors: what reflection shows of them, and their answers while the store is down. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Unavailable } from '../../../src/store/store.ts';
import { doorRoutes, envoyBinding } from '../../../src/transport/doors/doors.ts';
import { createGrpcListener } from '../../../src/transport/grpc-js/listener.ts';
import { createHttpListener } from '../../../src/transport/http/listener.ts';
import { admitAnyone } from '../../../src/transport/rpc/admission.ts';
import { ownGuard } from '../../../src/transport/rpc/guard.ts';
import type { Listener } from '../../../src/transport/rpc/listener.ts';
import type { Granted } from '../../../src/verify/verdict.ts';
import { defaultLimits } from '../../limits.ts';
import { granted, verify } from '../fakes.ts';

const run = promisify(execFile);
const bugs: unknown[] = [];
const onBug = (error: unknown) => void bugs.push(error);
const listeners: Listener[] = [];
let grpc: number;
let http: number;
/** Whether the caller itself is accepted. */
let callerIsKnown = true;

const untimed = { durations: { of: () => () => undefined }, tracing: undefined };
const good: Granted = { ...granted, identity: { ...granted.identity, kind: 'static' } };

const fails = async () => {
  throw new Unavailable('no answer');
};

beforeAll(async () => {
  const routes = doorRoutes(
    {
      verify: async ({ header }) => (header === 'Bearer good' ? good : fails()),
      admit: admitAnyone,
      accessTokens: { revoke: fails, revokeJwts: fails },
      async authenticate(_header, peer) {
        if (!callerIsKnown) throw new Unavailable('no answer');
        return { actor: 'admin', name: '', peer, scopes: ['usher.admin'] };
      },
      sums: { refused: async () => undefined },
      limits: defaultLimits.http,
      guard: ownGuard(defaultLimits.http),
      addressOf: () => '127.0.0.1',
      sourceOf: () => '',
    },
    untimed,
  );
  const limits = defaultLimits.http;
  const httpListener = createHttpListener({ routes, limits, corsOrigins: [], onBug });
  const bindings = [envoyBinding({ verify, admit: admitAnyone, trusts: () => false })];
  const grpcListener = createGrpcListener({ bindings, limits: defaultLimits.grpc, onBug });
  listeners.push(httpListener, grpcListener);
  const address = { host: '127.0.0.1', port: 0 };
  ({ port: http } = await httpListener.listen(address));
  ({ port: grpc } = await grpcListener.listen(address));
});
afterAll(() => Promise.all(listeners.map(listener => listener.stop(0))));

test('reflection shows Authorization, and a call by name gets its verdict', async () => {
  const curl = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge'];
  const url = `http://127.0.0.1:${grpc}`;
  const { stdout } = await run('buf', [...curl, '--list-methods', url]);
  expect(stdout).toContain('envoy.service.auth.v3.Authorization/Check');
  const data = '{"attributes":{"request":{"http":{"headers":{"authorization":"EXPIRED"}}}}}';
  const method = `${url}/envoy.service.auth.v3.Authorization/Check`;
  const answer = await run('buf', [...curl, '-d', data, method]);
  expect(JSON.parse(answer.stdout)).toMatchObject({
    status: { code: 16 },
    deniedResponse: { status: { code: 'Unauthorized' }, body: '{"error":"token has expired"}' },
  });
});

async function post(path: string, token: string) {
  const body = new URLSearchParams({ token });
  const response = await fetch(`http://127.0.0.1:${http}/oauth2/${path}`, { method: 'POST', body });
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    error: ((await response.json()) as { error: string }).error,
  };
}

const unknown = { status: 503, retryAfter: '1', error: 'temporarily_unavailable' };

test.each([
  ['introspect', 'other', 'whether it is good'],
  ['revoke', 'other', 'what it is'],
  ['revoke', 'good', 'whether it was revoked'],
])('/oauth2/%s of a token, %s, where it cannot be known %s', async (path, token) => {
  expect(await post(path, token)).toEqual(unknown);
});

test.each(['introspect', 'revoke'])('/oauth2/%s where the caller cannot be known', async path => {
  callerIsKnown = false;
  expect(await post(path, 'good')).toEqual(unknown);
  callerIsKnown = true;
});

test('none of this was logged as a bug', () => {
  expect(bugs).toEqual([]);
});
