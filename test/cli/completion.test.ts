/** `usher completion`, in the real shells: what they offer at each place. */

import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { program } from '../program.ts';
import { type FakeManager, startFakeManager } from './fake-manager.ts';
import { adminToken, runUsher } from './run-usher.ts';

const ids = ['de', 'ff', '10'].map((end, n) => `0198c0${end}-0000-7000-8000-00000000000${n + 1}`);
/** The last one must not be run, nor stand for files. */
const names = ['billing', "Ada's key", '$(touch made) `touch made`; touch made * "'];

let manager: FakeManager;
const folder = mkdtempSync(join(tmpdir(), 'usher-completion-'));

beforeAll(async () => {
  manager = await startFakeManager({
    tokens: {
      list: ({ text }) => ({
        accessTokens: ids
          .map((id, n) => ({ id, name: names[n] ?? '' }))
          .filter(({ id, name }) => id.startsWith(text) || name.includes(text)),
      }),
    },
  });
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  writeFileSync(join(folder, 'usher'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  chmodSync(join(folder, 'usher'), 0o755);
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, out } = await runUsher(['completion', shell]);
    expect(code).toBe(0);
    writeFileSync(join(folder, `usher.${shell}`), out);
  }
});
afterAll(async () => {
  await manager.close();
  rmSync(folder, { recursive: true });
});

const shells: Record<'bash' | 'zsh' | 'fish', () => [string, string[]]> = {
  bash: () => [program('bash'), ['--norc', '--noprofile']],
  zsh: () => [program('zsh'), ['-f']],
  fish: () => [program('fish'), ['--no-config']],
};

/** Runs lines in a shell where `usher` is found, and returns what it prints, line by line. */
async function run(shell: keyof typeof shells, lines: string): Promise<string[]> {
  const path = [folder, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter);
  const env = {
    ...{ PATH: path, HOME: folder, LANG: 'C.UTF-8', TERM: 'dumb' },
    ...{ USHER_MANAGER_URL: manager.url, USHER_ADMIN_TOKEN: adminToken },
  };
  const [file, quiet] = shells[shell]();
  const { stdout } = await promisify(execFile)(file, [...quiet, '-c', lines], {
    ...{ env, cwd: folder },
  });
  return stdout.split('\n').filter(line => line !== '');
}

type Offer = (line: string) => Promise<string[]>;

/** What each shell offers at the end of a line. */
const offers: Record<string, Offer> = {
  bash: line =>
    run(
      'bash',
      `compopt() { COMPREPLY=(*); }
source usher.bash
COMP_WORDS=(${line.replace(/ $/, " ''")}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _usher 2>/dev/null
printf '%s\\n' "\${COMPREPLY[@]}"`,
    ),
  fish: async line => {
    const found = await run('fish', `source usher.fish; complete -C ${JSON.stringify(line)}`);
    return found.map(each => each.split('\t')[0] ?? '');
  },
  // The functions of zsh's own completion need a terminal, so they are replaced by ones that print.
  zsh: line =>
    run(
      'zsh',
      `compdef() { :; }
_describe() { local name=\${@[-1]}; print -l -- \${\${(P)name}%%:*}; }
compadd() { [[ $1 == -U ]] && print -l -- "\${(P@)@[-1]}" || print -l -- "$@"; }
_files() { print -l -- *; }
source usher.zsh
words=(${line.replace(/ $/, " ''")}); CURRENT=$#words; _usher`,
    ),
};

describe.each(Object.entries(offers))('%s', (shell, offer) => {
  test('commands', async () => {
    expect(await offer('usher ')).toEqual(expect.arrayContaining(['token', 'verify', 'audit']));
    const token = await offer('usher token ');
    expect(token).toEqual(expect.arrayContaining(['create', 'end-grace', 'revoke']));
    expect(token).not.toContain('verify');
    expect(await offer('usher ')).not.toContain('complete-ids');
  });

  test('behind options and their values', async () => {
    expect(await offer('usher --timeout 5s --json token ')).toContain('create');
  });

  test('options of the command, and those of all', async () => {
    const found = await offer('usher token list --');
    expect(found).toEqual(expect.arrayContaining(['--kind', '--owner', '--json', '--wide']));
    expect(found).not.toContain('--grace');
  });

  test('values of options', async () => {
    const found = await offer('usher token list --kind ');
    expect(found).toEqual(
      ['static', 'jwt'].toSorted((a, b) => found.indexOf(a) - found.indexOf(b)),
    );
    expect(await offer('usher config ')).toEqual(expect.arrayContaining(['envoy', 'nginx']));
  });

  test('ids, by their first characters and by names', async () => {
    expect(await offer('usher token show 0198c0f')).toEqual([ids[1]]);
    expect(await offer('usher token revoke bill')).toEqual([ids[0]]);
    expect(await offer('usher audit list --token 0198c0d')).toEqual([ids[0]]);
  });

  test('a name is only text', async () => {
    expect(await offer('usher token show 0198c01')).toEqual([ids[2]]);
    expect(await offer('usher token show touch')).toEqual([ids[2]]);
    expect(existsSync(join(folder, 'made'))).toBe(false);
  });

  test('files', async () => {
    expect(await offer('usher token import ')).toContain(`usher.${shell}`);
  });
});

test('without a server, nothing is offered and nothing is said', async () => {
  const silent = 'USHER_MANAGER_URL=http://127.0.0.1:1';
  const lines = `export ${silent}; source usher.bash
COMP_WORDS=(usher token show 01); COMP_CWORD=3; _usher; printf '%s' "\${COMPREPLY[@]}"`;
  expect(await run('bash', lines)).toEqual([]);
});
