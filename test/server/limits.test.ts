/** What each room's limits are with other settings than the defaults. */

import { expect, test } from 'vitest';
import { fixedManagerLimits } from '../../src/manager/limits.ts';
import type { Setting } from '../../src/settings/setting.ts';
import { settings } from '../../src/settings/settings.ts';
import { fixedCoherentLimits } from '../../src/store/cache/limits.ts';
import { fixedLmdbLimits } from '../../src/store/lmdb/limits.ts';
import { fixedRedisLimits } from '../../src/store/redis/limits.ts';
import { fixedChangeLimits } from '../../src/tokens/limits.ts';
import { h2LimitsOf } from '../../src/transport/grpc/h2-limits.ts';
import { fixedHttpLimits } from '../../src/transport/http/limits.ts';
import { fixedWatchLimits } from '../../src/transport/services/limits.ts';
import { defaultLimits, limitsWith } from '../limits.ts';
import { runServer } from './run-server.ts';

test('are those of the documentation where nothing is set', () => {
  expect(defaultLimits.verify).toMatchObject({ headerBytesMax: 8192, leaseMs: 2000 });
  expect(defaultLimits.http).toMatchObject({ headerBytesMax: 40_960, formBytesMax: 32_768 });
  expect(defaultLimits.grpc).toMatchObject({ receiveBytesMax: 4_194_304, connectionsMax: 10_000 });
  expect(defaultLimits.proofs.bytesMax).toBe(48 * 1024 * 1024);
  expect(defaultLimits.manager).toMatchObject({ sessionIdleMs: 3_600_000 });
});

test('those that are fixed hold no default of one that is configured', () => {
  const env: Record<string, string> = {};
  for (const { name, range, default: text } of Object.values<Setting<unknown>>(settings)) {
    const [, min, max] = /^(\d+) to (\d+) \w+$/.exec(range) ?? [];
    if (min !== undefined && max !== undefined) env[name] = text === max ? min : max;
  }
  const { http, manager, store, changes, watch } = limitsWith(env);
  expect(http).toMatchObject(fixedHttpLimits);
  expect(manager).toMatchObject(fixedManagerLimits);
  expect(changes).toMatchObject(fixedChangeLimits);
  expect(watch).toMatchObject(fixedWatchLimits);
  expect(store.redis).toMatchObject(fixedRedisLimits);
  expect(store.lmdb).toMatchObject(fixedLmdbLimits);
  expect(store.cache).toMatchObject(fixedCoherentLimits);
});

test('what holds a token has room for the longest header', () => {
  const { verify, http, manager } = limitsWith({ USHER_HEADER_BYTES_MAX: '20000' });
  expect(verify.headerBytesMax).toBe(20_000);
  expect(http).toMatchObject({ headerBytesMax: 52_768, formBytesMax: 68_192 });
  expect(manager.signInBodyBytesMax).toBe(28_192);
});

test('no connection ends before the longest call on it', () => {
  const { http, grpc } = limitsWith({ USHER_DEADLINE_MS_MAX: '600000' });
  expect(http.silenceMs).toBeGreaterThan(600_000);
  expect(grpc.connectionAgeGraceMs).toBe(600_000);
});

test('unread answers have room for the longest of them', () => {
  expect(defaultLimits.grpc.unread).toEqual({
    connectionBytesMax: 8_388_608,
    processBytesMax: 16_777_216,
  });
  const env = { USHER_MESSAGE_BYTES_MAX: '67108864', USHER_UNREAD_BYTES_MAX: '1048576' };
  const { grpc, http } = limitsWith(env);
  for (const { unread } of [grpc, http]) {
    expect(unread).toEqual({ connectionBytesMax: 134_217_728, processBytesMax: 134_217_728 });
  }
});

test('what HTTP/2 may do at the cost of the gRPC listener follows from settings', () => {
  const { grpc } = limitsWith({
    USHER_HTTP2_FRAMES_PER_SECOND_MAX: '7',
    USHER_STREAMS_MAX: '5',
    USHER_HEADER_FIELDS_MAX: '99',
    USHER_KEEPALIVE_MS: '6000',
    USHER_FIRST_BYTE_MS: '2000',
    USHER_OTHER_HEADERS_BYTES_MAX: '40000',
  });
  expect(h2LimitsOf(grpc)).toMatchObject({
    headerFieldsMax: 99,
    continuationsMax: 8,
    keepaliveMs: 6000,
    keepaliveTimeoutMs: 2000,
    prefaceMs: 2000,
    stopPrefaceMs: 100,
    goAwayMs: 400,
    lingerMs: 400,
    rates: {
      resets: { burst: 50, perSecond: 50 },
      windowUpdates: { burst: 50, perSecond: 50 },
      violations: { burst: 70, perSecond: 7 },
      settings: { burst: 70, perSecond: 7 },
      pings: { burst: 70, perSecond: 7 },
      emptyFrames: { burst: 700, perSecond: 70 },
    },
  });
});

test('a request may take its first bytes, and then the time of a call', () => {
  const { http } = limitsWith({ USHER_FIRST_BYTE_MS: '20000', USHER_DEADLINE_MS: '3000' });
  expect(http).toMatchObject({ headersMs: 20_000, requestMs: 23_000 });
});

test('connections of both kinds end by the same settings', () => {
  const env = { USHER_CONNECTION_IDLE_MS: '7000', USHER_CONNECTION_AGE_MS: '9000' };
  const { http, grpc } = limitsWith(env);
  for (const each of [http, grpc]) {
    expect(each).toMatchObject({ connectionIdleMs: 7000, connectionAgeMs: 9000 });
  }
});

test.each([
  ['65536', 65_536, 4_194_304],
  ['16777216', 16_777_216, 16_777_216],
])('with messages of %s bytes', (text, request, response) => {
  const { http, grpc } = limitsWith({ USHER_MESSAGE_BYTES_MAX: text });
  for (const each of [http, grpc]) {
    expect(each).toMatchObject({ receiveBytesMax: request, sendBytesMax: response });
  }
});

test.each([
  ['50', { readTimeoutMs: 50, connectTimeoutMs: 500, adminTimeoutMs: 1000, ackTimeoutMs: 500 }],
  ['5000', { readTimeoutMs: 5000, connectTimeoutMs: 5000, adminTimeoutMs: 5000 }],
  ['5000', { socketTimeoutMs: 5000, ackTimeoutMs: 5000, clusterRefreshTimeoutMs: 5000 }],
])('nothing has less time than a read of Redis that may take %s ms', (text, expected) => {
  expect(limitsWith({ USHER_STORE_TIMEOUT_MS: text }).store.redis).toMatchObject(expected);
});

test('all that shares a lease follows it', () => {
  const { verify, store, watch } = limitsWith({
    USHER_LEASE_MS: '100',
    USHER_CACHE_TTL_MS_MAX: '100',
  });
  expect(store.redis).toMatchObject({ leaseMs: 100, feedPingMs: 25, heartbeatMs: 25 });
  expect(watch).toMatchObject({ leaseMs: 100, heartbeatMs: 12 });
  expect([verify.leaseMs, store.lmdb.leaseMs]).toEqual([100, 100]);
  expect(store.lmdb.feedLookMs).toBeLessThan(100);
  expect(store.cache.sharedMsMax).toBeLessThanOrEqual(100);
});

test('every cache follows the memory, and has no more entries than records may be cached', () => {
  const { proofs, openedKeys, store } = limitsWith({
    USHER_MEMORY_MB: '64',
    USHER_CACHE_ENTRIES_MAX: '9',
  });
  const { records, lastRecords, unknownIds, imported, lastImported, notImported } = store.cache;
  const all = [proofs, openedKeys, records, lastRecords, unknownIds, imported, lastImported];
  for (const { bytesMax, entriesMax } of [...all, notImported]) {
    expect(entriesMax).toBe(9);
    expect(bytesMax).toBeGreaterThan(500_000);
    expect(bytesMax).toBeLessThanOrEqual(28 * 1024 * 1024);
  }
});

test('sessions end by the settings', () => {
  const env = { USHER_SESSION_IDLE_MS: '600000', USHER_SESSION_MS_MAX: '700000' };
  expect(limitsWith(env).manager).toMatchObject({
    sessionIdleMs: 600_000,
    sessionLifetimeMs: 700_000,
  });
});

test('a server starts whose first byte may take longer than a call, and reads its forms', async () => {
  const server = await runServer({
    USHER_FIRST_BYTE_MS: '20000',
    USHER_DEADLINE_MS: '100',
    USHER_HEADER_BYTES_MAX: '256',
  });
  try {
    const post = async (length: number) => {
      const response = await fetch(`http://${server.http}/oauth2/introspect`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${server.adminToken}` },
        body: new URLSearchParams({ token: 'a'.repeat(length) }),
      });
      return [response.status, await response.json()];
    };
    // 3 × 256 + 8192 bytes in all.
    expect(await post(8954)).toEqual([200, { active: false }]);
    expect(await post(8955)).toMatchObject([400, { error_description: 'the form is too long' }]);
  } finally {
    await server.stop();
  }
});
