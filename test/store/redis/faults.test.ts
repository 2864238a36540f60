/** The words for faults of Redis: known for each, with what to do, and without secrets. */

import { expect, test } from 'vitest';
import { faultText } from '../../../src/store/redis/faults.ts';

const reply = (message: string) => Object.assign(new Error(message), { name: 'ReplyError' });
const failed = (code: string, message: string) => Object.assign(new Error(message), { code });

test.each<[string, Error]>([
  ['WRONGPASS', reply('WRONGPASS invalid username-password pair or user is disabled.')],
  ['WRONGPASS', reply('ERR invalid password')],
  ['NOAUTH', reply('NOAUTH Authentication required.')],
  ['NOPERM', reply("NOPERM this user has no permissions to run the 'get' command")],
  ['NOPERM', reply("NOPERM User ann7 has no permissions to run the 'get' command")],
  ['no database', reply('ERR DB index is out of range')],
  ['redis-cluster://', reply('ERR SELECT is not allowed in cluster mode')],
  ['LOADING', reply('LOADING Redis is loading the dataset in memory')],
  ['CLUSTERDOWN', reply('CLUSTERDOWN Hash slot not served')],
  ['READONLY', reply("READONLY You can't write against a read only replica.")],
  ['MISCONF', reply('MISCONF Redis is configured to save RDB snapshots, but it cannot')],
  ['OOM', reply("OOM command not allowed when used memory > 'maxmemory'.")],
  ['NOREPLICAS', reply('NOREPLICAS Not enough good replicas to write.')],
  ['maxclients', reply('ERR max number of clients reached')],
  ['no Cluster', reply('ERR This instance has cluster support disabled')],
  ['ENOTFOUND', failed('ENOTFOUND', 'getaddrinfo ENOTFOUND redis.internal')],
  ['ECONNREFUSED', failed('ECONNREFUSED', 'connect ECONNREFUSED 10.1.2.3:6379')],
  ['ECONNREFUSED', new AggregateError([failed('ECONNREFUSED', '')], '')],
  ['does not answer in time', new Error('Command timed out')],
  ['accept connections', failed('ETIMEDOUT', 'connect ETIMEDOUT')],
  ['does not speak TLS', failed('EPROTO', 'ssl3_get_record:wrong version number')],
  ['another host', failed('ERR_TLS_CERT_ALTNAME_INVALID', "does not match certificate's altnames")],
  ['unknown authority', failed('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate')],
  ['not valid at this time', failed('CERT_HAS_EXPIRED', 'certificate has expired')],
  ['Sentinel', new Error('All sentinels are unreachable. Retrying from scratch after 97ms.')],
])('%s', (words, error) => {
  expect(faultText(error)).toContain(words);
  expect(faultText(new Error('Redis did not answer', { cause: error }))).toBe(faultText(error));
  expect(faultText(error)).not.toMatch(/10\.1\.2\.3|redis\.internal|97ms|ann7/);
});

test('an error that says only that there is no connection is explained by the loss', () => {
  const closed = new Error("Stream isn't writeable and enableOfflineQueue options is false");
  expect(faultText(closed)).toBe('the connection to Redis is lost');
  expect(faultText(closed, reply('NOAUTH Authentication required.'))).toContain('NOAUTH');
  // What Redis replies is newer than why a connection was lost before.
  expect(faultText(reply('OOM full'), reply('NOAUTH'))).toContain('OOM');
});

test('a node of a Cluster that failed explains why the Cluster does not answer', () => {
  const all = Object.assign(new Error('Failed to refresh slots cache.'), {
    lastNodeError: reply('WRONGPASS invalid username-password pair'),
  });
  expect(faultText(all)).toContain('WRONGPASS');
});

test('an unknown error keeps its words, without the arguments of the command', () => {
  const said = "ERR unknown command 'AUTH', with args beginning with: 'hunter2'";
  expect(faultText(reply(said))).toBe("Redis: ERR unknown command 'AUTH'");
});

test.each([
  ['connect ENETDOWN 10.1.2.3:6379 - Local (0.0.0.0:0)', 'ENETDOWN connect ENETDOWN … - Local …'],
  ['connect ENETDOWN fe80::1:6379', 'ENETDOWN connect ENETDOWN …'],
  ['connect ENETDOWN [fe80::1]:6379', 'ENETDOWN connect ENETDOWN …'],
  ['connect ENETDOWN ::1', 'ENETDOWN connect ENETDOWN …'],
  ['no way to redis.internal:6379 today', 'ENETDOWN no way to … today'],
  ['no way to 10.1.2.3', 'ENETDOWN no way to …'],
])('an unknown error names no address: %s', (message, shown) => {
  expect(faultText(failed('ENETDOWN', message))).toBe(`Redis: ${shown}`);
});
