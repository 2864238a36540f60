/** The URLs that name a Redis store. */

import { describe, expect, test } from 'vitest';
import { parseRedisUrl } from '../../src/store/redis-url.ts';

describe('a Redis URL', () => {
  test.each([
    [
      'redis://localhost',
      {
        topology: 'single',
        tls: false,
        addresses: [{ host: 'localhost', port: 6379 }],
        database: 0,
      },
    ],
    [
      'rediss://ann:p%40ss%3A%2F@redis.example:7000/3',
      {
        topology: 'single',
        tls: true,
        addresses: [{ host: 'redis.example', port: 7000 }],
        username: 'ann',
        password: 'p@ss:/',
        database: 3,
      },
    ],
    [
      'redis://:secret@[::1]:7000?db=2',
      {
        topology: 'single',
        tls: false,
        addresses: [{ host: '::1', port: 7000 }],
        password: 'secret',
        database: 2,
      },
    ],
    [
      'redis-sentinel://:secret@a:1,b/main?sentinelPassword=other&sentinelUsername=bob',
      {
        topology: 'sentinel',
        tls: false,
        addresses: [
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
        topology: 'cluster',
        tls: true,
        addresses: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
        ],
        username: 'ann',
        password: 'secret',
        database: 0,
      },
    ],
  ])('%s is read', (url, target) => {
    expect(parseRedisUrl(url)).toEqual(target);
  });

  test.each([
    ['http://:hunter2@a', 'not a Redis URL'],
    ['redis://', 'not a Redis URL'],
    ['redis://:hunter2@a,b', 'names one server'],
    ['redis://:hunter2@a:70000', 'host:port'],
    ['redis://:hunter2@a:b', 'host:port'],
    ['redis://:hunter2@a/x', 'not a number'],
    ['redis://:hunter2%@a', 'percent'],
    ['redis-sentinel://:hunter2@a', '/<master name>'],
    ['redis-sentinel://:hunter2@a/main?db=1', 'may name a database'],
    ['redis-cluster://:hunter2@a/1', 'has no path'],
    ['redis-cluster://:hunter2@a?db=1', 'may name a database'],
  ])('%s is refused, without its password', (url, words) => {
    const refusal = refusalOf(url);
    expect(refusal).toContain(words);
    expect(refusal).not.toContain('hunter2');
  });
});

function refusalOf(url: string): string {
  try {
    parseRedisUrl(url);
    return 'accepted';
  } catch (error) {
    return error instanceof Error ? `${error.message} ${error.stack}` : '';
  }
}
