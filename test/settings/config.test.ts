/** Settings: their defaults, all mistakes in one error, and no value in an error. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Environment } from '../../src/settings/config.ts';
import { formerNameWarnings, readConfig, SettingsError } from '../../src/settings/config.ts';
import { settings, settingsTable } from '../../src/settings/settings.ts';
import { redisAddress } from '../../src/store/address.ts';

const folder = mkdtempSync(join(tmpdir(), 'usher-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const key = (byte: number) => Buffer.alloc(32, byte).toString('base64');
const redis = {
  USHER_STORE: 'redis://127.0.0.1:6379',
  USHER_MASTER_KEYS: `k1:${key(1)}`,
  USHER_ADMIN_TOKEN: 'a'.repeat(32),
};

function mistakesOf(env: Environment): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.mistakes;
    throw error;
  }
  return [];
}

describe('defaults', () => {
  const config = readConfig({});

  test('are those of the documentation', () => {
    expect(config.store).toEqual({ kind: 'lmdb', folder: './data' });
    expect(config.grpcListen).toEqual({ host: '127.0.0.1', port: 50051 });
    expect(config.httpListen).toEqual({ host: '127.0.0.1', port: 8080 });
    expect(config.managerListen).toEqual({ host: '127.0.0.1', port: 8081 });
    expect(config).toMatchObject({ workers: 1, corsOrigins: '*', trustedProxies: [] });
    expect(config).toMatchObject({ staleMaxMs: 0, leaseMs: 2000, batchMax: 256 });
    expect(config.masterKeys).toBeUndefined();
    expect(config.adminToken).toBeUndefined();
  });

  test('of every setting are read by the setting itself', () => {
    for (const { name, default: text, read } of Object.values<{
      name: string;
      default?: string;
      read: (text: string) => unknown;
    }>(settings)) {
      if (text !== undefined) expect(() => read(text), name).not.toThrow();
    }
  });
});

describe('values', () => {
  test.each([
    ['lmdb:/var/lib/usher', '/var/lib/usher'],
    ['lmdb:///var/lib/usher', '/var/lib/usher'],
  ])('store %s', (text, folder) => {
    expect(readConfig({ USHER_STORE: text }).store).toEqual({ kind: 'lmdb', folder });
  });

  test.each([
    'redis://localhost',
    'redis://user:p%40ss@localhost:6380/3',
    'rediss://[::1]:6379/0',
    'rediss-cluster://h1:7000',
    'redis-cluster://h1:7000,h2:7001',
    'redis-cluster://user:pass@h1:7000,[::1]:7001/',
    'redis-sentinel://:pass@h1:26379,h2:26379/mymaster',
  ])('store %s', url => {
    expect(readConfig({ ...redis, USHER_STORE: url }).store).toEqual(redisAddress(url));
  });

  test('listeners: IPv6, any port, off', () => {
    const config = readConfig({
      USHER_GRPC_LISTEN: '[::1]:0',
      USHER_HTTP_LISTEN: '0.0.0.0:0',
      USHER_MANAGER_LISTEN: 'off',
      USHER_VERIFY_ACCESS: 'token',
    });
    expect(config.grpcListen).toEqual({ host: '::1', port: 0 });
    expect(config.httpListen).toEqual({ host: '0.0.0.0', port: 0 });
    expect(config.managerListen).toBe('off');
  });

  test('master keys keep their order', () => {
    const config = readConfig({ USHER_MASTER_KEYS: `b:${key(2)},a:${key(1)}` });
    expect(config.masterKeys?.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(config.masterKeys?.[0]?.bytes).toEqual(Buffer.alloc(32, 2));
  });

  test('origins and proxies are lists', () => {
    const config = readConfig({
      USHER_CORS_ORIGINS: 'https://a.example, http://localhost:3000',
      USHER_TRUSTED_PROXIES: '10.0.0.0/8, ::1, ::ffff:192.0.2.7',
      USHER_MANAGER_HOSTS: 'Usher.Example.com, 10.0.0.7, ::1, [2001:DB8::1]',
    });
    expect(config.corsOrigins).toEqual(['https://a.example', 'http://localhost:3000']);
    expect(config.trustedProxies.map(([ip, bits]) => `${ip}/${bits}`)).toEqual([
      '10.0.0.0/8',
      '::1/128',
      '192.0.2.7/32',
    ]);
    expect(config.managerHosts).toEqual([
      'usher.example.com',
      '10.0.0.7',
      '[::1]',
      '[2001:db8::1]',
    ]);
  });

  test('a secret is read from a file, without the trailing line break', () => {
    const path = join(folder, 'token');
    writeFileSync(path, `${'t'.repeat(40)}\n`);
    expect(readConfig({ USHER_ADMIN_TOKEN_FILE: path }).adminToken).toBe('t'.repeat(40));
  });
});

describe('mistakes', () => {
  test.each<[string, string, RegExp]>([
    ['USHER_STORE', 'mysql://x', /does not begin with lmdb:/],
    ['USHER_STORE', 'lmdb:', /names no folder/],
    ['USHER_STORE', 'redis://', /not an address of Redis/],
    ['USHER_STORE', 'redis://h:6379/zero', /number of a database/],
    ['USHER_STORE', 'redis://h1,h2', /names one server/],
    ['USHER_STORE', 'redis://:100%@h', /percent sign/],
    ['USHER_STORE', 'redis://:c4n/4ry@h', /not an address of Redis/],
    ['USHER_STORE', 'redis-sentinel://h1:26379', /does not name the master/],
    ['USHER_STORE', 'redis-cluster://h1:7000/2', /no database number/],
    [
      'USHER_STORE',
      'redis-cluster://h1:7000?db=3',
      /an option that redis-cluster:.. does not take/,
    ],
    ['USHER_STORE', 'redis://h1?timeout=c4n4ry', /it takes db/],
    ['USHER_STORE', 'redis-cluster://h1:70000', /not host:port/],
    ['USHER_STORE', 'redis-cluster://h1:7000,', /not host:port/],
    ['USHER_HTTP_LISTEN', '8080', /is not host:port/],
    ['USHER_HTTP_LISTEN', ':8080', /is not host:port/],
    ['USHER_HTTP_LISTEN', '127.0.0.1:65536', /is not host:port/],
    ['USHER_HTTP_LISTEN', '::1:8080', /is not host:port/],
    ['USHER_HTTP_LISTEN', '[zz]:8080', /neither a name nor an address/],
    ['USHER_HTTP_LISTEN', '127.1:8080', /not an IPv4 address/],
    ['USHER_HTTP_LISTEN', '127.0.0.1:50051', /same address as USHER_GRPC_LISTEN/],
    ['USHER_MASTER_KEYS', key(1), /no id/],
    ['USHER_MASTER_KEYS', `bad id:${key(1)}`, /no id/],
    ['USHER_MASTER_KEYS', 'k1:c2hvcnQ=', /exactly 32 bytes \(key 1\)/],
    ['USHER_MASTER_KEYS', `k1:${key(1)},`, /key 2/],
    ['USHER_MASTER_KEYS', `k1:${key(1)},k1:${key(2)}`, /two keys with the same id/],
    ['USHER_MASTER_KEYS', `k1:${key(1)},k2:${key(1)}`, /the same key under two ids/],
    ['USHER_ADMIN_TOKEN', 'short', /32 to 512/],
    ['USHER_ADMIN_TOKEN', `${'a'.repeat(32)} b`, /a space/],
    ['USHER_ADMIN_TOKEN', 'ä'.repeat(32), /not printable/],
    ['USHER_WORKERS', '0', /1 to 64/],
    ['USHER_WORKERS', '65', /1 to 64/],
    ['USHER_WORKERS', '1.5', /1 to 64/],
    ['USHER_WORKERS', '', /1 to 64/],
    ['USHER_CORS_ORIGINS', 'https://a.example/', /not an origin \(entry 1\)/],
    ['USHER_CORS_ORIGINS', 'https://a.example,*', /not an origin \(entry 2\)/],
    ['USHER_CORS_ORIGINS', 'null', /not an origin/],
    ['USHER_CORS_ORIGINS', 'file://', /not an origin/],
    ['USHER_CORS_ORIGINS', 'capacitor://', /not an origin/],
    ['USHER_CORS_ORIGINS', 'capacitor://localhost/', /not an origin/],
    ['USHER_CORS_ORIGINS', 'http://user@a.example', /not an origin/],
    ['USHER_CORS_ORIGINS', 'localhost', /not an origin/],
    ['USHER_CORS_HEADERS', 'x-a,x b', /not the name of a header \(entry 2\)/],
    ['USHER_CORS_HEADERS', '*', /not the name of a header/],
    ['USHER_TRUSTED_PROXIES', '10.0.0', /not an address/],
    ['USHER_TRUSTED_PROXIES', '10.0.0.0/33', /not an address/],
    ['USHER_TRUSTED_PROXIES', '0.0.0.0/0', /trusts every address/],
    ['USHER_TRUSTED_PROXIES', '::/0', /trusts every address/],
    ['USHER_TRUSTED_PROXIES', '::ffff:0:0/96', /trusts every address/],
    ['USHER_TRUSTED_PROXIES', '::1,10.0.0.7/8', /bits behind its prefix \(entry 2\)/],
    ['USHER_TRUSTED_PROXIES', 'fe80::1%eth0', /not an address/],
    ['USHER_OUTBOUND_ALLOW', 'fd00::1/8', /bits behind its prefix \(entry 1\)/],
    ['USHER_MANAGER_HOSTS', 'usher.example.com:8081', /not a name or address \(entry 1\)/],
    ['USHER_MANAGER_HOSTS', 'usher, https://usher', /not a name or address \(entry 2\)/],
    ['USHER_MANAGER_HOSTS', '*', /not a name or address/],
    ['USHER_MANAGER_HOSTS', 'usher.', /not a name or address/],
    ['USHER_LOG_LEVEL', 'loud', /not one of fatal/],
    ['USHER_BATCH_MAX', '1e2', /whole number from 1 to 4096/],
    ['USHER_CACHE_TTL_MS_MAX', '2001', /above USHER_LEASE_MS/],
    ['USHER_DEADLINE_MS', '30001', /above USHER_DEADLINE_MS_MAX/],
    ['USHER_ADMIN_TOKEN_FILE', '/nonexistent/file', /cannot be read \(ENOENT\)/],
    ['USHER_GRPC_LISTENS', '127.0.0.1:1', /is not a setting; did you mean USHER_GRPC_LISTEN\?/],
    ['USHER_ZZZ', '1', /is not a setting; unset it, or see `usher settings`/],
  ])('%s=%s', (name, value, expected) => {
    const mistakes = mistakesOf({ [name]: value });
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toMatch(expected);
    expect(mistakes[0]).toContain(name);
  });

  test('are reported all at once', () => {
    const env = { USHER_STORE: 'x', USHER_WORKERS: '0', USHER_LOG_LEVEL: 'loud', USHER_TYPO: '1' };
    const mistakes = mistakesOf(env);
    expect(mistakes.map(text => text.split(' ')[0])).toEqual([
      'USHER_STORE',
      'USHER_WORKERS',
      'USHER_LOG_LEVEL',
      'USHER_TYPO',
    ]);
  });

  test('are reported without the value', () => {
    const canary = 'c4n4ry!';
    // Any text is a command.
    const { masterKeysCommand: _, ...others } = settings;
    for (const { name } of Object.values(others)) {
      const told = mistakesOf({ [name]: canary }).join('\n');
      expect(told, name).not.toBe('');
      expect(told, name).not.toContain(canary);
    }
  });

  test('a secret given twice', () => {
    const twice = { USHER_ADMIN_TOKEN: 'a'.repeat(32), USHER_ADMIN_TOKEN_FILE: '/dev/null' };
    expect(mistakesOf(twice)).toEqual([
      'USHER_ADMIN_TOKEN and USHER_ADMIN_TOKEN_FILE are both set; unset one of them',
    ]);
  });

  test('a file for a setting that is not secret', () => {
    expect(mistakesOf({ USHER_WORKERS_FILE: '/dev/null' })[0]).toMatch(/is not a setting/);
  });

  test('no listener at all', () => {
    const off = { USHER_GRPC_LISTEN: 'off', USHER_HTTP_LISTEN: 'off', USHER_MANAGER_LISTEN: 'off' };
    expect(mistakesOf(off)[0]).toMatch(/all off/);
  });

  test('Redis without its secrets', () => {
    const mistakes = mistakesOf({ USHER_STORE: redis.USHER_STORE });
    expect(mistakes[0]).toMatch(/USHER_MASTER_KEYS is required with Redis/);
    expect(mistakes[1]).toMatch(/USHER_ADMIN_TOKEN is required with Redis/);
    expect(mistakes).toHaveLength(2);
  });
});

test('a setting is read by its former name, with a warning', () => {
  const former = { USHER_IAT_SKEW_SECONDS_MAX: '7' };
  expect(readConfig(former).clockSkewSecondsMax).toBe(7);
  expect(formerNameWarnings(former)).toEqual([
    expect.stringMatching(/^USHER_IAT_SKEW_SECONDS_MAX is now USHER_CLOCK_SKEW_SECONDS_MAX/),
  ]);
  expect(formerNameWarnings({ USHER_CLOCK_SKEW_SECONDS_MAX: '7' })).toEqual([]);
  expect(mistakesOf({ ...former, USHER_CLOCK_SKEW_SECONDS_MAX: '7' })[0]).toMatch(/both set/);
});

test('variables that Kubernetes sets for a service named usher are ignored', () => {
  expect(
    mistakesOf({
      USHER_SERVICE_HOST: '10.0.0.1',
      USHER_SERVICE_PORT: '8080',
      USHER_SERVICE_PORT_GRPC: '50051',
      USHER_PORT: 'tcp://10.0.0.1:8080',
      USHER_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
      USHER_PORT_8080_TCP_ADDR: '10.0.0.1',
      USHER_GRPC_SERVICE_HOST: '10.0.0.1',
    }),
  ).toEqual([]);
});

test('the table of the documentation names every setting', () => {
  for (const { name } of Object.values(settings)) expect(settingsTable()).toContain(`\`${name}\``);
});
