/** The command line agrees with itself: with its help, with --json, and with what it can do. */

import type { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { Command, Option } from 'commander';
import { describe, expect, test } from 'vitest';
import { AdminError } from '../../src/api/connect.ts';
import type { Context } from '../../src/cli/context.ts';
import { Declined, exitCodes, faultOf } from '../../src/cli/exit-codes.ts';
import { askHidden } from '../../src/cli/hidden-input.ts';
import { buildProgram, runCommand } from '../../src/cli/program.ts';
import { openTerminal } from '../../src/cli/terminal.ts';
import { SettingsError } from '../../src/settings/config.ts';
import { StartError } from '../../src/settings/start-error.ts';

function contextOf(env: Record<string, string> = {}, stdin: unknown = new PassThrough()) {
  const out: string[] = [];
  const notes: string[] = [];
  const terminal = {
    ...openTerminal(process, { NO_COLOR: '1' }),
    ...{
      out: (text: string) => void out.push(text),
      note: (text: string) => void notes.push(text),
    },
  };
  const context: Context = {
    ...{ env, terminal, stdin: stdin as NodeJS.ReadStream, now: () => 0 },
    serve: async () => undefined,
    restore: async () => ({ problem: 'not in this test' }),
    checkBackup: async () => ({ problem: 'not in this test' }),
  };
  return { context, out, notes };
}

async function run(args: string[], env: Record<string, string> = {}) {
  const { context, out, notes } = contextOf(env);
  return { code: await runCommand(args, context), out, notes };
}

const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
const commands = all(buildProgram(contextOf().context, () => undefined, false));

test('each default that the help shows can be given', () => {
  const shown = commands.flatMap(({ options }) =>
    options.filter(({ parseArg, defaultValue }) => parseArg && defaultValue !== undefined),
  );
  expect(shown.map(({ long }) => long)).toEqual(
    expect.arrayContaining(['--timeout', '--grace', '--limit', '--listen']),
  );
  for (const { long, parseArg, defaultValue, defaultValueDescription } of shown) {
    const text = defaultValueDescription ?? String(defaultValue);
    expect([long, parseArg?.(text, undefined as never)]).toEqual([long, defaultValue]);
  }
});

test('--timeout takes seconds and durations, as its help says', async () => {
  for (const [text, seconds] of [
    ['15', 15],
    ['90s', 90],
    ['1m', 60],
  ] as const) {
    const program = buildProgram(contextOf().context, () => undefined, false);
    await program.parseAsync(['--timeout', text, 'settings'], { from: 'user' }).catch(() => 0);
    expect(program.opts()).toMatchObject({ timeout: seconds });
  }
});

describe('with --json, an error is JSON', () => {
  const id = '0198c0de-0000-7000-8000-000000000001';
  test.each<[string[], number, RegExp]>([
    [['nosuch', '--json'], exitCodes.usage, /^unknown command 'nosuch'/],
    [['token', '--json'], exitCodes.usage, /^which command\? see --help$/],
    [['--json', 'token', 'show', 'x'], exitCodes.usage, /invalid for argument 'id'.* UUID/],
    [
      ['token', 'list', '--limt', '3', '--json'],
      exitCodes.usage,
      /--limt'\n\(Did you mean --limit/,
    ],
    [['token', 'list', '--json', '--all', '--limit', '3'], exitCodes.usage, /one of --limit and/],
    [['token', 'show', id, '--json'], exitCodes.settings, /^USHER_ADMIN_TOKEN is not set/],
    [['jwt', 'issue', id, '--json'], exitCodes.usage, /^a JWT must expire/],
  ])('%j', async (args, exitCode, error) => {
    const ran = await run(args, { USHER_STORE: 'lmdb:/nowhere' });
    expect([ran.code, ran.out]).toEqual([exitCode, []]);
    expect(ran.notes.map(line => JSON.parse(line))).toEqual([
      {
        ...{ error: expect.stringMatching(error), exitCode },
        code: exitCode === exitCodes.usage ? 'usage' : 'settings',
        ...(exitCode === exitCodes.usage && { advice: '--help lists what is possible' }),
      },
    ]);
  });

  test('and so is a remark', async () => {
    const { notes } = await run(['token', 'list', '--json', '--timeout', '1'], {
      USHER_MANAGER_URL: 'http://host.invalid',
      USHER_ADMIN_TOKEN: 'a'.repeat(40),
    });
    expect(notes.map(line => Object.keys(JSON.parse(line)))).toEqual([
      ['note'],
      ['error', 'code', 'exitCode', 'advice'],
    ]);
  });

  test.each([
    [new AdminError('NotFound', 'there is none'), { code: 'not_found' }],
    [new AdminError('NoServer', 'none', undefined, 'start it'), { advice: 'start it' }],
    [new AdminError('PermissionDenied', 'no'), { advice: expect.stringContaining('admin token') }],
    [new AdminError('DeadlineExceeded', 'x'), { advice: '--timeout sets how long to wait' }],
    [new SettingsError(['a']), { code: 'settings', advice: '`usher settings` lists all settings' }],
    [new StartError('in use'), { code: 'cannot_start', message: 'cannot start: in use' }],
    [new Declined('nothing was changed'), { advice: 'answer y, or give --yes' }],
  ])('%o says its code, and what to do', (error, fault) => {
    expect(faultOf(error)).toMatchObject(fault);
  });
});

describe('what would be ignored is refused', () => {
  test.each([
    [['serve', '--timeout', '3'], /makes no call: leave out --timeout/],
    [['serve', '--json'], /leave out --json/],
    [['settings', '--timeout', '3'], /leave out --timeout/],
    [['settings', '--json', '--markdown'], /one of --json and --markdown/],
    [['settings', 'x'], /too many arguments/],
    [['token', 'create', '--kind', 'jwt', '--name', 'a', '--name', 'b'], /--name is given twice/],
    [['--timeout', '3', 'token', 'list', '--timeout', '4'], /--timeout is given twice/],
    [['token', 'import', '--dry-run', '--check'], /--dry-run imports nothing/],
  ])('%j', async (args, words) => {
    const ran = await run(args, {});
    expect(ran.code).toBe(exitCodes.usage);
    expect(ran.notes.join()).toMatch(words);
  });

  test('a setting that is none', async () => {
    const ran = await run(['token', 'list'], { USHER_MANAGER_ULR: 'http://127.0.0.1:1' });
    expect(ran.code).toBe(exitCodes.settings);
    expect(ran.notes.join()).toContain('did you mean USHER_MANAGER_URL?');
  });

  test('every option that takes one value', async () => {
    const single = ({ required, variadic, parseArg }: Option) =>
      required && !variadic && (parseArg?.length ?? 0) < 2;
    const given = commands.flatMap(each =>
      each.options.filter(single).map(option => [each, option] as const),
    );
    expect(given.length).toBeGreaterThan(30);
    for (const [command, option] of given) {
      const emitter = command as unknown as EventEmitter;
      expect(emitter.listenerCount(`option:${option.name()}`), option.long).toBe(2);
    }
  });
});

test('a secret is asked for without being shown', async () => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin });
  const { context, out, notes } = contextOf({}, stdin);
  const asked = askHidden(context, 'Token:');
  stdin.write('Bearer secret\r');
  expect(await asked).toBe('Bearer secret');
  expect([out, notes]).toEqual([[], ['Token:']]);

  const ended = askHidden(context, 'Token:');
  stdin.end();
  await expect(ended).rejects.toThrow('nothing was entered');
});
