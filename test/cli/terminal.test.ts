/** What a person at a terminal meets: tables that fit, ids by their first characters, questions. */

import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { runCommand } from '../../src/cli/program.ts';
import { columnWidths, widthOf } from '../../src/cli/table-widths.ts';
import { openTerminal } from '../../src/cli/terminal.ts';
import { Kind, State } from '../../src/gen/usher/v1/access_token_pb.ts';
import { type FakeManager, startFakeManager } from './fake-manager.ts';

const ids = ['0198c0de-0000-7000-8000-000000000001', '0198c0de-0000-7000-8000-000000000002'];
const owner = 'cus_x9Kq2LmZ7x9Kq2LmZ7x9Kq2LmZ7x9Kq2LmZ7x9Kq2LmZ7x9Kq2LmZ7x9Kq2L';
const time = { seconds: 1_800_000_000n };
const records = ids.map((id, n) => ({
  ...{ id, kind: Kind.STATIC, state: State.ACTIVE, owner, scopes: ['orders.read', 'orders.write'] },
  ...{
    name: `the token number ${n + 1} 支払い`,
    lastUsedTime: time,
    expireTime: time,
    revision: 1n,
  },
}));
const revoked = { ...records[0], state: State.REVOKED };

let manager: FakeManager;
let calls: string[] = [];
beforeAll(async () => {
  const changing = (name: string) => (request: { id: string }) => {
    calls.push(`${name} ${request.id}`);
    return { accessToken: revoked };
  };
  manager = await startFakeManager({
    tokens: {
      list: ({ text }) => ({ accessTokens: records.filter(({ id }) => id.includes(text)) }),
      get: ({ id }) => ({ accessToken: { ...revoked, id } }),
      revoke: changing('revoke'),
      rotate: changing('rotate'),
      endGrace: changing('endGrace'),
      revokeJwts: changing('revokeJwts'),
    },
    store: {
      getStoreStatus: () => ({ lost: [] }),
      acceptStore: () => {
        calls.push('acceptStore');
        return {};
      },
    },
  });
});
afterAll(() => manager.close());
beforeEach(() => {
  calls = [];
});

/** Runs a command at a terminal of this width, where `answer` is entered. */
async function run(args: string[], columns: number | undefined, answer = '', isTTY = true) {
  const out: string[] = [];
  const notes: string[] = [];
  const stdin = Object.assign(new PassThrough(), { isTTY });
  stdin.end(answer);
  const terminal = {
    ...openTerminal(process, { NO_COLOR: '1' }),
    ...{ rich: true, notesRich: isTTY, columns },
    out: (text: string) => void out.push(text),
    note: (text: string) => void notes.push(text),
  };
  const env = { USHER_MANAGER_URL: manager.url, USHER_ADMIN_TOKEN: 'a'.repeat(40) };
  const code = await runCommand(args, {
    ...{ env, terminal, stdin: stdin as never, now: () => 0 },
    serve: async () => undefined,
    restore: async () => ({ problem: 'not in this test' }),
    checkBackup: async () => ({ problem: 'not in this test' }),
  });
  return { code, out: out.join('\n'), notes: notes.join('\n') };
}

describe('a table', () => {
  test.each([90, 120, 160])(
    'fits on a terminal of %d columns, and says what it cut',
    async columns => {
      const { out, notes } = await run(['token', 'list'], columns);
      const lines = out.split('\n');
      expect(lines).toHaveLength(3);
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
      expect(lines[1]).toMatch(/^0198c0de.* {2}static {2}active {2}the tok/);
      expect(out).toContain('…');
      expect(notes).toBe('… is where values were cut: --wide shows all');
    },
  );

  test('cuts nothing with --wide, nor where the width is not known', async () => {
    for (const ran of [run(['token', 'list', '--wide'], 80), run(['token', 'list'], undefined)]) {
      const { out, notes } = await ran;
      for (const text of [ids[0], owner, '支払い', '2027-01-15T08:00:00.000Z']) {
        expect(out).toContain(text);
      }
      expect([out.includes('…'), notes]).toEqual([false, '']);
    }
  });

  test('becomes a list where it cannot fit, with nothing cut', async () => {
    const { out } = await run(['token', 'list'], 40);
    expect(out).toMatch(/^ID {9}0198c0de-0000-7000-8000-000000000001\nKIND/);
    expect(out).toContain(owner);
  });

  test('shows a time as its day rather than a part of it', async () => {
    expect((await run(['token', 'list'], 90)).out).not.toMatch(/2027-01-15T[^\s]*…/);
  });
});

test('the widest columns are cut first, and no cell is wasted', () => {
  const row = ['a'.repeat(10), 'b'.repeat(40), 'c'.repeat(60)];
  expect(columnWidths(['A', 'B', 'C'], [row], 200, 2)).toEqual([12, 42, 62]);
  expect(columnWidths(['A', 'B', 'C'], [row], 97, 2)).toEqual([12, 42, 43]);
  expect(columnWidths(['A', 'B', 'C'], [row], 67, 2)).toEqual([12, 28, 27]);
  expect(columnWidths(['A', 'B', 'C'], [row], 20, 2)).toBeUndefined();
});

describe('the first characters of an id', () => {
  test('name an access token where they are those of one alone', async () => {
    const { code, out } = await run(['token', 'show', ids[1]?.slice(0, 36) ?? ''], 200);
    expect([code, out]).toEqual([0, expect.stringContaining(ids[1] ?? '')]);
    await run(['token', 'revoke', '0198c0de-0000-7000-8000-0000000000'.concat('01'), '--yes'], 200);
    expect(calls).toEqual([`revoke ${ids[0]}`]);
  });

  test('of several: all are listed, and nothing is changed', async () => {
    const { code, notes } = await run(['token', 'revoke', '0198', '--yes'], 200);
    expect(code).toBe(exitCodes.usage);
    for (const id of ids) expect(notes).toContain(`${id}  "the token`);
    expect(calls).toEqual([]);
  });

  test('of none', async () => {
    const { code, notes } = await run(['token', 'show', 'abcd'], 200);
    expect([code, notes]).toEqual([1, 'usher: no access token has an id that begins abcd']);
  });
});

const [id = ''] = ids;
const irreversible: [string[], string][] = [
  [['token', 'revoke', id], 'revoke'],
  [['token', 'rotate', id], 'rotate'],
  [['token', 'end-grace', id], 'endGrace'],
  [['jwt', 'revoke', id, '--jti', 'j'], 'revokeJwts'],
  [['store', 'accept'], 'acceptStore'],
];

describe.each(irreversible)('%j', (args, call) => {
  test('asks a person, naming what it would change', async () => {
    const { notes } = await run(args, 200, 'y\n');
    expect(notes).toMatch(/Go on\? \[y\/N\]/);
    if (args[0] !== 'store')
      expect(notes).toContain(`"the token number 1 支払い" of ${owner} (${id}`);
    expect(calls.join()).toContain(call);
  });

  test.each(['n\n', '\n', '', 'x\n'])('changes nothing after %j', async answer => {
    const { code, notes } = await run(args, 200, answer);
    expect([code, calls]).toEqual([exitCodes.refused, []]);
    expect(notes).toMatch(/usher: nothing was changed$/);
  });

  test('does not ask with --yes, nor a script', async () => {
    for (const ran of [run([...args, '--yes'], 200), run(args, undefined, '', false)]) {
      const { notes } = await ran;
      expect(notes).not.toContain('Go on?');
    }
    expect(calls).toHaveLength(2);
  });
});

test('a rotation with a grace is not asked about', async () => {
  const { notes } = await run(['token', 'rotate', id, '--grace', '1h'], 200);
  expect(notes).not.toContain('Go on?');
  expect(calls).toEqual([`rotate ${id}`]);
});
