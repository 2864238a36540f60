/** `usher leaks` and `usher token pattern`, run as processes. */

import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import {
  type DismissLeakRequest,
  Leak_Done as Done,
  type ListLeaksRequest,
  Leak_What as What,
} from '../../src/gen/usher/v1/leaks_pb.ts';
import { type FakeManager, startFakeManager } from './fake-manager.ts';
import { runUsher } from './run-usher.ts';

const id = '0198c0de-0000-7000-8000-000000000001';
const leak = {
  id: `${id}.k1`,
  accessToken: { id, kind: Kind.STATIC, name: 'billing' },
  what: What.TOKEN,
  done: Done.FLAGGED,
  findings: [
    {
      time: timestampFromMs(1_700_000_000_000),
      reporter: 'github',
      source: 'commit',
      url: 'https://a.example/1',
    },
  ],
};
let manager: FakeManager;
const asked: (ListLeaksRequest | DismissLeakRequest)[] = [];
beforeAll(async () => {
  manager = await startFakeManager({
    leaks: {
      listLeaks(request) {
        asked.push(request);
        return { leaks: request.tokenId === '' ? [leak] : [] };
      },
      dismissLeak(request) {
        asked.push(request);
        return {
          leak: { ...leak, dismissTime: timestampFromMs(1_700_000_000_001), dismissedBy: 'ann' },
        };
      },
    },
  });
});
afterAll(() => manager.close());

const usher = (...args: string[]) => runUsher(args, { USHER_MANAGER_URL: manager.url });

test('list shows what leaked, what was done and where it was found', async () => {
  const { code, out } = await usher('leaks', 'list');
  expect(code).toBe(0);
  expect(out.split('\n')[1]?.split('\t')).toEqual([
    ...[`${id}.k1`, 'token', 'flagged', 'billing'],
    ...['2023-11-14T22:13:20.000Z', 'https://a.example/1'],
  ]);
  const json = await usher('--json', 'leaks', 'list', '--all');
  expect(JSON.parse(json.out)).toMatchObject({ what: 'token', done: 'flagged' });
  expect(asked.at(-1)).toMatchObject({ tokenId: '', withDismissed: true });
  const none = await usher('leaks', 'list', '--token', id);
  expect([none.code, none.out, none.err.trim()]).toEqual([0, '', 'no leaks']);
});

test('dismiss sends the remark', async () => {
  const { code } = await usher('leaks', 'dismiss', `${id}.k1`, '--note', 'a test repository');
  expect(code).toBe(0);
  expect(asked.at(-1)).toMatchObject({ id: `${id}.k1`, note: 'a test repository' });
});

test('token pattern prints the expressions of a prefix, and asks no server', async () => {
  const own = await runUsher(['token', 'pattern'], {});
  expect(own.out).toBe('ush_[0-9A-Za-z]{22}_[0-9A-Za-z]{49}\nusk_[0-9A-Za-z]{49}\n');
  const set = await runUsher(['token', 'pattern'], { USHER_TOKEN_PREFIX: 'acme' });
  expect(set.out).toContain('acmek_[0-9A-Za-z]{49}');
  const given = await runUsher(['--json', 'token', 'pattern', '--prefix', 'acme_live'], {});
  expect(JSON.parse(given.out)).toEqual({
    token: 'acme_live_[0-9A-Za-z]{22}_[0-9A-Za-z]{49}',
    secretKey: 'acme_livek_[0-9A-Za-z]{49}',
  });
  const wrong = await runUsher(['token', 'pattern', '--prefix', 'Acme'], {});
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('--prefix is not 2 to 20')]);
});
