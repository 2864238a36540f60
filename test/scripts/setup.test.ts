/** scripts/setup.sh changes a machine only when it is allowed to, and says what it would do. */

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const scripts = new URL('../../scripts/', import.meta.url);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usher-setup-'));
  for (const name of ['bin', 'scripts']) mkdirSync(join(folder, name));
  for (const name of ['setup.sh', 'setup-gateways.sh', 'gateways.txt']) {
    copyFileSync(new URL(name, scripts), join(folder, 'scripts', name));
  }
  stub('dirname', '/usr/bin/dirname "$@"', '');
  stub('env', '/usr/bin/env "$@"', '');
  stub('sh', '/bin/sh "$@"', '');
  stub('cmp', 'exit 1', '');
  stub('mktemp', `echo "${folder}"`, '');
  for (const name of [
    'apt-get',
    'tee',
    'chmod',
    'rm',
    'rmdir',
    'mv',
    'mkdir',
    'go',
    'python3',
    'ruby',
    'npm',
  ])
    stub(name);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Puts a command into the PATH of the script; by default it only notes that it was called. */
function stub(name: string, does = ':', note = `echo "${name} $*" >>"${folder}/called"`): void {
  writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${note}\n${does}\n`, { mode: 0o755 });
}

interface As {
  user?: number;
  args?: string[];
  env?: Record<string, string>;
  script?: string;
}

function run({ user = 0, args = [], env = {}, script = 'setup.sh' }: As) {
  stub('id', `echo ${user}`, '');
  const ran = spawnSync('/bin/sh', [join(folder, 'scripts', script), ...args], {
    env: { PATH: join(folder, 'bin'), ...env },
    encoding: 'utf8',
  });
  writeFileSync(join(folder, 'called'), '', { flag: 'a' });
  const called = readFileSync(join(folder, 'called'), 'utf8');
  return {
    code: ran.status,
    said: ran.stdout + ran.stderr,
    installs: called.match(/^.*apt-get .*install.*$/gm),
    brought: called.match(/^npm ci.*$/m)?.[0],
    built: called.match(/^go build.*$/m)?.[0],
  };
}

test.each([
  [0, 'nothing was changed; this installs all of it: sh scripts/setup.sh --yes\n'],
  [1000, 'nothing was changed; this installs all of it: sudo sh scripts/setup.sh --yes\n'],
])('as user %i it only says what is missing, what for, and the line', (user, line) => {
  const { code, said, installs } = run({ user });
  expect({ code, installs }).toEqual({ code: 0, installs: null });
  expect(said).toContain('\n  redis-server: the Redis store, against real servers\n');
  expect(said).toContain(line);
});

test.each<[string, As]>([
  ['--yes', { args: ['--yes'] }],
  ['USHER_SETUP=yes', { env: { USHER_SETUP: 'yes' } }],
  ['root in CI', { env: { CI: 'true' } }],
])('it installs with %s', (_, as) => {
  const { code, installs, built, brought } = run(as);
  expect(code).toBe(0);
  expect(installs?.[0]).toMatch(/^apt-get install .* redis-server chromium /);
  expect(installs).toHaveLength(1);
  expect(brought).toMatch(/^npm ci --prefix scripts\/node\/20 /);
  expect(built).toMatch(/^go build -o .*h2spec /);
});

test('it installs by sudo where that needs no password', () => {
  stub('sudo', 'shift; "$@"');
  const { code, installs } = run({ user: 1000, args: ['--yes'] });
  expect(code).toBe(0);
  expect(installs?.[0]).toMatch(/^sudo -n env .* apt-get install .* redis-server /);
});

test.each<[string, As]>([
  ['root, with --yes', { user: 1000, args: ['--yes'] }],
  ['leave, in CI', { user: 1000, env: { CI: 'true' } }],
])('it fails, and says the line, where it would need %s', (_, as) => {
  const { code, said, installs } = run(as);
  expect({ code, installs }).toEqual({ code: 1, installs: null });
  expect(said).toContain('this installs it: sudo sh scripts/setup.sh --yes');
});

test('an unknown option is refused', () => {
  expect(run({ args: ['--no'] })).toMatchObject({ code: 2, installs: null });
});

test('the gateways are not downloaded without --yes', () => {
  const { code, said } = run({ script: 'setup-gateways.sh' });
  expect(code).toBe(0);
  expect(said).toContain(
    'this downloads them (about 110 MB): sh scripts/setup-gateways.sh --yes\n',
  );
});

test('with --yes they are downloaded', () => {
  stub('python3', 'case "$*" in *download*) exit 9; esac');
  expect(run({ script: 'setup-gateways.sh', args: ['--yes'] }).code).toBe(9);
});
