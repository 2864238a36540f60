/** The command line as a whole: usage, settings, and the connection to the server. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { runCommand } from '../../src/cli/program.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { openTerminal } from '../../src/cli/terminal.ts';
import { SettingsError } from '../../src/settings/config.ts';
import { StartError } from '../../src/settings/start-error.ts';
import { startFakeManager } from './fake-manager.ts';
import { adminToken, runUsher } from './run-usher.ts';

const folder = mkdtempSync(join(tmpdir(), 'usher-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

function recorder(): { terminal: Terminal; out: string[]; notes: string[] } {
  const out: string[] = [];
  const notes: string[] = [];
  const { colors } = openTerminal(process, { NO_COLOR: '1' });
  const terminal = {
    out: (text: string) => void out.push(text),
    note: (text: string) => void notes.push(text),
    rich: true,
    notesRich: false,
    colors,
  };
  return { terminal, out, notes };
}

function run(args: string[], env: Record<string, string>, serve = async () => {}) {
  const { terminal, out, notes } = recorder();
  const restore = async () => ({ problem: 'not in this test' });
  const context = {
    env,
    terminal,
    stdin: process.stdin,
    now: () => 0,
    serve,
    restore,
    checkBackup: restore,
  };
  return runCommand(args, context).then(code => ({ code, out, notes }));
}

describe('usage', () => {
  test.each([
    [[]],
    [['nosuch']],
    [['token', 'create', '--name', 'x']],
    [['token', 'create', '--kind', 'opaque', '--name', 'x']],
    [['token', 'show', 'not-a-uuid']],
    [['token', 'rotate', '0198c0de-0000-7000-8000-000000000001', '--grace', '1x']],
    [['--nosuch']],
  ])('%j is a usage error, exit code 2', async args => {
    const ran = await runUsher(args);
    expect([ran.code, ran.out]).toEqual([exitCodes.usage, '']);
    expect(ran.err).not.toBe('');
  });

  test('a mistake is followed by the way to the help', async () => {
    for (const args of [['nosuch'], ['token', 'show'], ['token', 'crate']]) {
      expect((await runUsher(args)).err).toMatch(/\(--help lists what is possible\)$/m);
    }
  });

  test('--help shows the exit codes', async () => {
    const ran = await runUsher(['--help']);
    expect(ran.code).toBe(0);
    for (const code of Object.values(exitCodes)) expect(ran.out).toContain(String(code));
  });

  test('--version', async () => {
    expect((await runUsher(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('serve', () => {
  test('starts the server with the environment', async () => {
    const seen: unknown[] = [];
    const serve = async (...args: unknown[]) => void seen.push(...args);
    expect((await run(['serve'], { A: 'b' }, serve)).code).toBe(0);
    expect(seen).toEqual([{ A: 'b' }]);
  });

  test('ends with exit code 78 and reports every mistake', async () => {
    const { code, notes } = await run(['serve'], {}, async () => {
      throw new SettingsError(['USHER_A is wrong; mend it', 'USHER_B is wrong; mend it']);
    });
    expect(code).toBe(exitCodes.settings);
    expect(notes.join('\n')).toMatch(/USHER_A.*\n.*USHER_B/);
  });

  test('ends with exit code 69 when it cannot start', async () => {
    const { code, notes } = await run(['serve'], {}, async () => {
      throw new StartError('the port is in use');
    });
    expect([code, notes]).toEqual([69, ['usher: cannot start: the port is in use']]);
  });
});

describe('the server', () => {
  test('that cannot be reached is reported with advice', async () => {
    const { url, close } = await startFakeManager({});
    await close();
    const ran = await runUsher(['token', 'list'], { USHER_MANAGER_URL: url });
    expect(ran.code).toBe(exitCodes.unavailable);
    expect(ran.err).toContain(`no server answers at ${url} (ECONNREFUSED): start it with`);
  });

  test.each([
    ['not Usher', 'text/html', '<html>'],
    ['not Usher, and answers JSON', 'application/json', '[]'],
    ['another listener of Usher', 'application/json', '{"error":"not found"}'],
  ])('that is %s is reported', async (_, type, body) => {
    const server = createServer((_, response) =>
      response.writeHead(404, { 'content-type': type }).end(body),
    );
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ran = await runUsher(['token', 'list'], { USHER_MANAGER_URL: url });
    server.close();
    expect(ran.code).toBe(exitCodes.unavailable);
    expect(ran.err).toMatch(/is not the API Manager \(HTTP 404\)/);
  });

  test('that does not answer in time is reported', async () => {
    const server = createServer(() => {});
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const env = { USHER_MANAGER_URL: url };
    const ran = await runUsher(['token', 'list', '--timeout', '1s'], env);
    server.closeAllConnections();
    server.close();
    expect(ran.code).toBe(exitCodes.unavailable);
    expect(ran.err).toMatch(/no answer in time/);
  });

  test('on another host without encryption causes a warning', async () => {
    const env = { USHER_MANAGER_URL: 'http://host.invalid', USHER_ADMIN_TOKEN: adminToken };
    const { notes } = await run(['token', 'list'], env);
    expect(notes[0]).toMatch(/warning: the admin token is sent to host.invalid unencrypted/);
  });
});

describe('the admin token', () => {
  test('is read from the data folder when none is set', async () => {
    const manager = await startFakeManager({ tokens: { list: () => ({}) } });
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data', 'admin-token'), `${'f'.repeat(40)}\n`, { mode: 0o600 });
    const env = { USHER_MANAGER_URL: manager.url, USHER_STORE: `lmdb:${folder}/data` };
    expect((await run(['token', 'list'], env)).code).toBe(0);
    expect(manager.authorizations).toEqual(['f'.repeat(40)]);
    await manager.close();
  });

  test('that is missing is reported with where to find it', async () => {
    const { code, notes } = await run(['token', 'list'], { USHER_STORE: `lmdb:${folder}/none` });
    expect(code).toBe(exitCodes.settings);
    expect(notes.join()).toMatch(/USHER_ADMIN_TOKEN is not set and there is none in/);
  });
});

describe('settings', () => {
  test('are listed for people and for programs, without a value that is set', async () => {
    const people = await runUsher(['settings']);
    const programs = await runUsher(['settings', '--json']);
    const names = JSON.parse(programs.out).settings.map(({ name }: { name: string }) => name);
    expect(names).toContain('USHER_STORE');
    for (const name of names) expect(people.out).toContain(name);
    expect(people.out + programs.out).not.toContain(adminToken);
  });
});

test('a terminal gets a table', async () => {
  const manager = await startFakeManager({
    tokens: { list: () => ({ accessTokens: [{ id: 'i', name: 'a\nb', scopes: ['s'] }] }) },
  });
  const env = { USHER_MANAGER_URL: manager.url, USHER_ADMIN_TOKEN: adminToken };
  const { out } = await run(['token', 'list'], env);
  expect(out.join('\n')).toMatch(/^ID {2,}KIND {2,}STATE/);
  expect(out.join('\n')).toContain('a\\u{a}b');
  await manager.close();
});
