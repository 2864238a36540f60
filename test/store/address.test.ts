/** The parser of store addresses: the store is opened with exactly what the settings accept. */

import { describe, expect, test } from 'vitest';
import { redisAddress, storeAddress } from '../../src/store/address.ts';

describe('the address of a Redis', () => {
  test.each([
    [
      'redis://localhost',
      {
        kind: 'redis',
        topology: 'single',
        tls: false,
        nodes: [{ host: 'localhost', port: 6379 }],
        database: 0,
      },
    ],
    [
      'rediss://ann:p%40ss%3A%2F@redis.example:7000/3',
      {
        kind: 'redis',
        topology: 'single',
        tls: true,
        nodes: [{ host: 'redis.example', port: 7000 }],
        username: 'ann',
        password: 'p@ss:/',
        database: 3,
      },
    ],
    [
      'redis://:secret@[::1]:7000?db=2',
      {
        kind: 'redis',
        topology: 'single',
        tls: false,
        nodes: [{ host: '::1', port: 7000 }],
        password: 'secret',
        database: 2,
      },
    ],
    [
      'redis-sentinel://:secret@a:1,b/main?sentinelPassword=other&sentinelUsername=bob',
      {
        kind: 'redis',
        topology: 'sentinel',
        tls: false,
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 26379 },
        ],
        password: 'secret',
        masterName: 'main',
        sentinelUsername: 'bob',
        sentinelPassword: 'other',
        database: 0,
      },
    ],
    [
      'rediss-cluster://ann:secret@a:1,b:2',
      {
        kind: 'redis',
        topology: 'cluster',
        tls: true,
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
        ],
        username: 'ann',
        password: 'secret',
        database: 0,
      },
    ],
  ])('%s is read', (url, target) => {
    expect(redisAddress(url)).toEqual(target);
  });

  test.each([
    ['http://:hunter2@a', 'not an address of Redis'],
    ['redis://', 'not an address of Redis'],
    ['redis://:hunter2@a,b', 'names one server only'],
    ['redis://:hunter2@a:70000', 'host:port'],
    ['redis://:hunter2@a:b', 'host:port'],
    ['redis://:hunter2@a/x', 'number of a database'],
    ['redis://:hunter2%@a', 'percent'],
    ['redis-sentinel://:hunter2@a', 'does not name the master'],
    ['redis-sentinel://:hunter2@a/main?db=1', 'does not take'],
    ['redis-cluster://:hunter2@a/1', 'has a path'],
    ['redis-cluster://:hunter2@h:1?db=3', 'it takes none'],
    ['redis://:hunter2@a?db=x', 'number of a database'],
    ['redis://:hunter2@a/1?db=1', 'database twice'],
    ['redis://:hunter2@a?db=1&db=2', 'option db twice'],
    ['redis://:hunter2@a?DB=1', 'it takes db'],
    ['redis://:hunter2@a?hunter2', 'it takes db'],
    ['redis://:x@a?password=hunter2', 'it takes db'],
    ['redis://:hunter2@a?sentinelPassword=x', 'it takes db'],
    ['redis-sentinel://a/main?sentinelPassword=hunter2%', 'percent'],
    ['redis-sentinel://:hunter2@a/main/2', 'does not name the master'],
    ['redis://:x@a?username=hunter2', 'the option username, which redis:// does not take'],
    ['redis://:x@a?tls=hunter2', 'write rediss:// for TLS'],
    ['rediss://:hunter2@a?rejectUnauthorized=false', 'certificates are always checked'],
    ['rediss://:hunter2@a?ssl_cert_reqs=none', 'certificates are always checked'],
    ['redis://:x@a?dbs=hunter2', 'did you mean db?'],
    ['redis-sentinel://a/main?sentinelpassword=hunter2', 'did you mean sentinelPassword?'],
    ['redis-sentinel://a/main?sentinelUsername=hunter2', 'without sentinelPassword'],
    ['redis://:hunter2@a?db=', 'the option db without a value'],
    ['redis-sentinel://:hunter2@a/main?sentinelPassword', 'sentinelPassword without a value'],
    ['redis://:hunter2@[1]', 'not host:port'],
    ['redis://:hunter2@[1::2::3]', 'not host:port'],
    ['redis-cluster://:x@a?timeout=hunter2', 'see `usher settings` for times'],
    ['redis://hunter2@a', 'a user of Redis without a password'],
    ['redis://hunter2:@a', 'a user of Redis without a password'],
    ['redis://:hunter2@a b', 'not an address of Redis'],
    ['redis://:hunter2@a#b', 'not an address of Redis'],
  ])('%s is refused, without its password', (url, words) => {
    const refusal = refusalOf(url);
    expect(refusal).toContain(words);
    expect(refusal).not.toContain('hunter2');
  });
});

test.each(['lmdb:./data?sync=off', 'lmdb:/var/lib/usher#x', 'lmdb:./data?'])(
  '%s is refused: the embedded store has no options',
  text => {
    expect(() => storeAddress(text)).toThrow('lmdb: takes none');
  },
);

test.each([
  ['lmdb:~/usher', 'does not expand'],
  ['lmdb:$HOME/usher', 'does not expand'],
  ['lmdb:./data ', 'blank'],
  ['lmdb: ./data', 'blank'],
])('%s is refused: the folder would not be the one that was meant', (text, words) => {
  expect(() => storeAddress(text)).toThrow(words);
});

function refusalOf(url: string): string {
  try {
    redisAddress(url);
    return 'accepted';
  } catch (error) {
    return error instanceof Error ? `${error.message} ${error.stack}` : '';
  }
}
