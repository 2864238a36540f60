/** Whatever door is asked, its verdict is counted once, under the name of that door. */

import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { countVerdicts } from '../../src/server/count-verdicts.ts';
import { Unavailable } from '../../src/store/store.ts';
import type { Door } from '../../src/transport/rpc/call.ts';
import type { Verdict } from '../../src/verify/verdict.ts';
import type { Verify } from '../../src/verify/verify.ts';
import { ownEngine } from '../engine.ts';
import { makeJwt, makeStatic } from '../gateways/tokens.ts';
import { granted, verify } from '../transport/fakes.ts';
import { parityDoors } from '../transport/parity/doors.ts';
import { until } from '../until.ts';
import { adminOf, clientOf } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

let server: TestServer;
let good: { id: string; token: string };
/** Asks each door once about a token. */
const ask = new Map<string, (token: string) => Promise<unknown>>();

const doors: [name: string, door: Door][] = [
  ['Verify over gRPC', 'grpc'],
  ['Verify over Connect JSON', 'connect'],
  ['Verify over Connect proto', 'connect'],
  ['Verify over gRPC-Web', 'grpc-web'],
  ['Hello over gRPC', 'grpc'],
  ['Hello over Connect JSON', 'connect'],
  ['Hello over Connect proto', 'connect'],
  ['Hello over gRPC-Web', 'grpc-web'],
  ['Verify over Connect JSON by HTTP/2', 'connect'],
  ['Verify over Connect proto by HTTP/2', 'connect'],
  ['Verify over gRPC-Web by HTTP/2', 'grpc-web'],
  ['Verify over gRPC on the HTTP port', 'grpc'],
  ['Verify over gRPC on the manager port', 'manager'],
  ['Hello over Connect JSON by HTTP/2', 'connect'],
  ['Hello over Connect proto by HTTP/2', 'connect'],
  ['Hello over gRPC-Web by HTTP/2', 'grpc-web'],
  ['Hello over gRPC on the HTTP port', 'grpc'],
  ['Hello over gRPC on the manager port', 'manager'],
  ['BatchVerify', 'grpc'],
  ['StreamVerify', 'grpc'],
  ['Verify on the manager port', 'manager'],
  ['GET /', 'root'],
  ['GET / by HTTP/2', 'root'],
  ['/ext-authz by HTTP/2', 'envoy-http'],
  ['/forward-auth by HTTP/2', 'forward-auth'],
  ["Envoy's Check", 'envoy-grpc'],
  ['/ext-authz', 'envoy-http'],
  ['/forward-auth', 'forward-auth'],
  ['/oauth2/introspect', 'introspect'],
];

beforeAll(async () => {
  server = await runServer(ownEngine);
  good = await makeStatic(server);
  for (const door of parityDoors(server)) ask.set(door.name, token => door.ask([token], '', []));
  const verifier = createClient(
    VerifierService,
    createGrpcTransport({ baseUrl: `http://${server.grpc}` }),
  );
  ask.set('BatchVerify', header => verifier.batchVerify({ requests: [{ header }] }));
  ask.set('StreamVerify', async header => {
    async function* messages() {
      yield { items: [{ id: 1n, request: { header } }] };
    }
    for await (const _answer of verifier.streamVerify(messages()));
  });
  const onManager = clientOf(VerifierService, server.manager, server.adminToken);
  ask.set('Verify on the manager port', header => onManager.verify({ header }));
  ask.set('/oauth2/introspect', token => post('/oauth2/introspect', token));
});
afterAll(() => server.stop());

async function post(path: string, token: string): Promise<void> {
  const { status } = await fetch(`http://${server.http}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.adminToken}` },
    body: new URLSearchParams({ token }),
  });
  if (status !== 200) throw new Error(`${path} answered ${status}`);
}

/** All counts of verdicts, by their labels. */
async function counts(): Promise<Map<string, number>> {
  const text = await (await fetch(`http://${server.manager}/metrics`)).text();
  const lines = text.matchAll(/^usher_verdicts_total\{(.*)\} (\d+)$/gm);
  return new Map([...lines].map(([, labels = '', count]) => [labels, Number(count)]));
}

/** What is counted while something is done. */
async function countedBy(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await counts();
  await work();
  const grown = [...(await counts())].map(
    ([labels, count]) => [labels, count - (before.get(labels) ?? 0)] as const,
  );
  return Object.fromEntries(grown.filter(([, count]) => count > 0));
}

async function uses(id = good.id): Promise<number> {
  const { days } = await adminOf(server).getUsage({ id });
  return days.reduce((sum, { count }) => sum + Number(count), 0);
}

test('the table has every door of the parity cases', () => {
  expect([...doors.map(([name]) => name), 'Explain'].sort()).toEqual([...ask.keys()].sort());
});

test('an explanation counts neither as a verdict nor as a use', async () => {
  const { id, token } = await makeStatic(server);
  expect(await countedBy(async () => ask.get('Explain')?.(token))).toEqual({});
  // The use that comes after it is written with it or later.
  await ask.get('Verify over gRPC')?.(token);
  await until(async () => (await uses(id)) > 0);
  expect(await uses(id)).toBe(1);
});

test.each(doors)('%s', async (name, door) => {
  const once = (token: string) => countedBy(async () => await ask.get(name)?.(token));
  expect(await once(good.token)).toEqual({ [`reason="NONE",kind="static",door="${door}"`]: 1 });
  const denied = { [`reason="INVALID_TOKEN",kind="unknown",door="${door}"`]: 1 };
  expect(await once(`${good.token.slice(0, -1)}!`)).toEqual(denied);
});

test('each valid verdict is one use; a revocation is counted as a verdict, but not as a use', async () => {
  await until(async () => (await uses()) >= doors.length);
  const { id, token } = await makeStatic(server);
  const counted = await countedBy(() => post('/oauth2/revoke', token));
  expect(counted).toEqual({ 'reason="NONE",kind="static",door="revoke"': 1 });
  // What is used after the revocation is written with it or later.
  await ask.get('GET /')?.(good.token);
  await until(async () => (await uses()) > doors.length);
  expect(await uses()).toBe(doors.length + 1);
  const { days } = await adminOf(server).getUsage({ id });
  expect(days.every(({ count }) => count === 0n)).toBe(true);
});

test('authenticating an API caller is not counted as a verdict, and neither is a probe', async () => {
  const caller = await makeStatic(server, { scopes: ['usher.tokens.read'] });
  const counted = await countedBy(async () => {
    await adminOf({ ...server, adminToken: caller.token }).list({});
    await fetch(`http://${server.http}/readyz`);
  });
  expect(counted).toEqual({});
});

const atOnce: Verify = ({ header }) => {
  if (header === 'good') return granted;
  if (header === 'EXPIRED') return { valid: false, reason: 'EXPIRED', stale: false };
  throw new Unavailable('no answer');
};

test('the metrics hold no token, secret, claim, address or name of an access token', async () => {
  const { secret, sign } = await makeJwt(server, { owner: 'odd-owner', scopes: ['odd:scope'] });
  const exp = Math.ceil(Date.now() / 1000) + 60;
  const jwt = await sign({ exp, sub: 'odd-subject', jti: 'odd-id', more: { odd: 'odd-claim' } });
  const sent = [jwt, good.token, 'odd-garbage', `odd-${good.token}`];
  for (const send of ask.values()) for (const token of sent) await send(token);
  const text = await (await fetch(`http://${server.manager}/metrics`)).text();
  expect(text).toContain('usher_verdicts_total');
  for (const kept of [...sent, ...jwt.split('.'), secret, server.adminToken, 'odd', '127.0.0.1']) {
    expect(text).not.toContain(kept);
  }
  // The log has the address of a use only where it is asked for.
  expect(server.logged.filter(line => line.includes('127.0.0.1'))).toEqual([]);
});

describe.each([
  ['at once', atOnce],
  ['later', verify],
] as const)('a verdict that is known %s', (_, known) => {
  const log: string[] = [];
  const counted = countVerdicts(known, {
    metrics: {
      verdict: (_verdict, door) => void log.push(door),
      unavailable: () => void log.push('unavailable'),
      caller: (name, result) => void log.push(`${name}: ${result}`),
    },
    usage: {
      note: id => void log.push(id),
      noteRefusal: (id, reason) => void log.push(`${id} ${reason}`),
    },
  });

  test('is counted before it is given, once', async () => {
    expect(await counted({ header: 'good' }, 'root')).toBe(granted);
    expect(log.splice(0)).toEqual(['root', granted.identity.tokenId]);
  });

  test('is counted as unavailable when there is no verdict', async () => {
    await expect(async () => await counted({ header: 'down' }, 'root')).rejects.toThrow(
      Unavailable,
    );
    expect(log.splice(0)).toEqual(['unavailable']);
  });

  test('is counted for a caller that is known, too', async () => {
    await counted({ header: 'good' }, 'grpc', { name: 'web' });
    await counted({ header: 'EXPIRED' }, 'grpc', { name: 'web' });
    await expect(async () => counted({ header: 'down' }, 'grpc', { name: 'web' })).rejects.toThrow(
      Unavailable,
    );
    const told = log.splice(0).filter(line => line.startsWith('web'));
    expect(told).toEqual(['web: valid', 'web: refused', 'web: unavailable']);
  });
});

describe('what is noted of a use', () => {
  const { identity } = granted;
  const judged = (verdict: Partial<Verdict>): Verify => {
    return () => ({ ...granted, ...verdict }) as Verdict;
  };
  const noted = async (verdict: Partial<Verdict>, door: Door = 'grpc', keepsAddress = true) => {
    const log: unknown[] = [];
    const usage = {
      note: (id: string, from?: string) => void log.push([id, from]),
      noteRefusal: (id: string, reason: string) => void log.push([id, reason]),
    };
    const none = () => undefined;
    const metrics = { verdict: none, unavailable: none, caller: none };
    const counted = countVerdicts(judged(verdict), { metrics, usage, keepsAddress });
    await counted({ header: 'h', source: '192.0.2.1' }, door);
    return log;
  };
  const refusal = { valid: false, reason: 'EXPIRED' } as const;

  test('the address of a static token, unless it is not kept; never that of a JWT', async () => {
    const fixed = { identity: { ...identity, kind: 'static' } } as const;
    const jwt = { identity: { ...identity, kind: 'jwt' } } as const;
    expect(await noted(fixed)).toEqual([[identity.tokenId, '192.0.2.1']]);
    expect(await noted(fixed, 'grpc', false)).toEqual([[identity.tokenId, undefined]]);
    expect(await noted(jwt)).toEqual([[identity.tokenId, undefined]]);
  });

  test('a refusal of a token that was proven, by its reason', async () => {
    expect(await noted({ ...refusal, identity })).toEqual([[identity.tokenId, 'EXPIRED']]);
    expect(await noted({ ...refusal, identity }, 'revoke')).toEqual([]);
  });

  test('nothing of what may be a guess', async () => {
    const guess = { valid: false, reason: 'INVALID_TOKEN' } as const;
    expect(await noted({ ...guess, identity: undefined } as never)).toEqual([]);
  });
});
