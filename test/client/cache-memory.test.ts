/** The memory of the SDK's cache: bounded in bytes, and fair between access tokens. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { answerOf } from '../../src/client/usher-verdict.ts';
import { createVerdictCache } from '../../src/client/verdict-cache.ts';
import { type VerifyRequest, VerifyResponseSchema } from '../../src/gen/usher/v1/verifier_pb.ts';
import { type FakeServer, type FakeWorld, fakeWorld, good } from './fake-usher.ts';

const cacheBytesMax = 400_000;
const large = 'x'.repeat(5000);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heapBytes = () => {
  collect();
  return process.memoryUsage().heapUsed;
};

let world: FakeWorld;
let server: FakeServer;

/** The header "id:anything" is a JWT of this access token, with large claims. */
const largeJwt = (request: VerifyRequest) => {
  const [tokenId = ''] = request.header.split(':');
  return { ...good(request), tokenId, claims: { large } };
};

beforeEach(async () => {
  // So that the client does not give up the watch, nor forget plain headers, during a test.
  vi.useFakeTimers({ toFake: ['setInterval', 'setTimeout'] });
  world = fakeWorld({ cacheBytesMax });
  server = world.servers[0] as FakeServer;
  server.answer = largeJwt;
  await world.begin();
});
afterEach(() => {
  world.usher.close();
  vi.useRealTimers();
});

const verifyAll = async (headers: string[]) => {
  for (const header of headers) await world.usher.verify(header);
};
const held = (headers: string[]) =>
  headers.filter(header => world.usher.cached(header) !== undefined).length;
const jwts = (tokenId: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${tokenId}:${n}`);

test('large verdicts are bounded in bytes, and the latest stay', async () => {
  const headers = jwts('a', 200);
  await verifyAll(headers);
  expect(held(headers)).toBeGreaterThan(30);
  expect(held(headers) * large.length).toBeLessThan(cacheBytesMax);
  expect(held(headers.slice(-30))).toBe(30);
});

test('one access token cannot push out the verdicts of the others', async () => {
  const others = ['b', 'c', 'd'].flatMap(tokenId => jwts(tokenId, 5));
  await verifyAll(others);
  await verifyAll(jwts('a', 200));
  expect(held(others)).toBe(15);
});

test('refusals of unknown tokens are bounded in bytes', async () => {
  server.answer = () => ({ reason: 4, message: 'no '.repeat(2000), httpStatus: 401 });
  const headers = jwts('unknown', 50);
  await verifyAll(headers);
  expect(held(headers)).toBeGreaterThan(3);
  expect(held(headers)).toBeLessThan(12);
});

test('headers of the last second are bounded in bytes', () => {
  const cache = createVerdictCache({
    ...{ bytesMax: cacheBytesMax, headersMax: 10_000, unknownTtlMs: 1000 },
    ...{ requirementsMax: 8, sourcesMax: 64, changesMax: 10, plainMs: 1000 },
  });
  cache.reset('server');
  cache.extendTo(1000);
  const answer = answerOf(create(VerifyResponseSchema, { valid: true, tokenId: 'a' }), 'server');
  const before = heapBytes();
  for (let n = 0; n < 400; n++) {
    const header = `${n}:${'x'.repeat(60_000)}`;
    cache.keep({ header, audience: '', scopes: [], source: '' }, answer, cache.mark(), 0);
    expect(cache.find(header, '', [], '', 0)).toBe(answer.verdict);
  }
  // Not 24 MB.
  expect(heapBytes() - before).toBeLessThan(8_000_000);
  cache.close();
});

test('a change names a verdict that was used a moment ago, though others evicted it from the cache', () => {
  const cache = createVerdictCache({
    ...{ bytesMax: cacheBytesMax, headersMax: 2, unknownTtlMs: 1000 },
    ...{ requirementsMax: 8, sourcesMax: 64, changesMax: 10, plainMs: 1000 },
  });
  cache.reset('server');
  cache.extendTo(1000);
  const keep = (tokenId: string) => {
    const answer = answerOf(create(VerifyResponseSchema, { valid: true, tokenId }), 'server');
    const question = { header: tokenId, audience: '', scopes: [], source: '' };
    cache.keep(question, answer, cache.mark(), 0);
  };
  const find = (header: string) => cache.find(header, '', [], '', 0)?.valid;
  keep('a');
  expect(find('a')).toBe(true);
  for (const other of ['b', 'c', 'd', 'e', 'f']) keep(other);
  cache.changed(['a']);
  expect(find('a')).toBeUndefined();
  cache.close();
});

test('equal headers in different spelling are asked about once, in one spelling', async () => {
  for (const header of ['Bearer a', 'bearer  a', ' BEARER\ta ']) await world.usher.verify(header);
  expect(server.messages.flat()).toEqual(['Bearer a']);
  expect(world.usher.cached('bearer \t a')).toBeDefined();
});

test('verdicts by requirement are weighed with their header', async () => {
  const scopes = Array.from({ length: 60 }, (_, n) => [`${n}${'s'.repeat(200)}`]);
  for (let n = 0; n < 50; n++) {
    for (const each of scopes.slice(0, 8)) await world.usher.verify(`a:${n}`, { scopes: each });
  }
  const all = jwts('a', 50).flatMap(header =>
    scopes.slice(0, 8).map(each => [header, each] as const),
  );
  const kept = all.filter(([header, each]) => world.usher.cached(header, { scopes: each }));
  expect(kept.length * large.length).toBeLessThan(cacheBytesMax);
});
