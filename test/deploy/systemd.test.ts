/** The unit of systemd: its own tool finds nothing wrong, and Usher runs under its filters of system calls. */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { program } from '../program.ts';
import { startUsherProcess, workerPids } from '../server/usher-process.ts';

const root = join(import.meta.dirname, '../..');
const path = join(root, 'deploy/systemd/usher.service');
const unit = readFileSync(path, 'utf8');
const page = readFileSync(join(root, 'docs/installing.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'usher-unit-'));
afterAll(() => rmSync(folder, { recursive: true }));

const analyze = (...args: string[]) =>
  execFileSync(program('systemd-analyze'), args, { encoding: 'utf8', stdio: 'pipe' });

/** The values of a directive, in order. */
const given = (name: string) =>
  [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value as string);

/** A copy of the unit, whose program is on this machine. */
function copyOf(text: string): string {
  const copy = join(folder, 'usher.service');
  writeFileSync(copy, text.replace('/usr/bin/node ', `${process.execPath} `));
  return copy;
}

test('it is right', () => {
  expect(analyze('verify', copyOf(unit))).toBe('');
  expect(unit).toContain('node_modules/usher/bin/usher.js serve');
  // What a drop-in takes from the comments is right too.
  const secrets = unit.replaceAll(/^# (?=LoadCredential=|Environment=)/gm, '');
  expect(secrets).not.toBe(unit);
  expect(analyze('verify', copyOf(secrets))).toBe('');
});

test('it is as closed as the page says', () => {
  const rated = /Overall exposure level for \S+: ([\d.]+)/.exec(
    analyze('security', '--offline=true', '--no-pager', path),
  );
  expect(/rates it ([\d.]+) of 10/.exec(page)?.[1]).toBe(rated?.[1]);
});

test('systemd goes on starting it, and leaves the workers to it', () => {
  for (const line of ['StartLimitIntervalSec=0', 'KillMode=mixed', 'OOMPolicy=continue']) {
    expect(unit.split('\n')).toContain(line);
  }
});

/** The system calls of a set of systemd, or the call of that name itself. */
function callsOf(name: string): string[] {
  if (!name.startsWith('@')) return [name];
  return analyze('syscall-filter', '--no-pager', name)
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && line !== name && !line.startsWith('#'))
    .flatMap(callsOf);
}

/** The calls that the unit allows: one list adds, and one with "~" takes away. */
function allowedCalls(): string[] {
  const allowed = new Set<string>();
  for (const list of given('SystemCallFilter')) {
    const calls = list.replace(/^~/, '').split(' ').flatMap(callsOf);
    for (const call of calls) {
      if (list.startsWith('~')) allowed.delete(call);
      else allowed.add(call);
    }
  }
  return [...allowed];
}

/** As systemd does: two filters, one of calls, one of the families of sockets. Then it becomes the program. */
const filtered = `
import ctypes, errno, os, socket, sys
lib = ctypes.CDLL('libseccomp.so.2')
lib.seccomp_init.restype = ctypes.c_void_p
class Compare(ctypes.Structure):
    _fields_ = [('arg', ctypes.c_uint), ('op', ctypes.c_int), ('a', ctypes.c_uint64), ('b', ctypes.c_uint64)]
def refuse(code):
    return 0x00050000 | code
def load(filter):
    assert lib.seccomp_load(filter) == 0
denied, families, calls = sys.argv[1:4]
first = ctypes.c_void_p(lib.seccomp_init(0x7fff0000))
known = [getattr(socket, name) for name in families.split()]
call = lib.seccomp_syscall_resolve_name(b'socket')
for family in range(46):
    if family not in known:
        is_equal = Compare(0, 4, family, 0)
        assert lib.seccomp_rule_add_array(first, refuse(errno.EAFNOSUPPORT), call, 1, ctypes.byref(is_equal)) == 0
load(first)
second = ctypes.c_void_p(lib.seccomp_init(refuse(getattr(errno, denied)) if denied else 0x80000000))
for name in calls.split():
    number = lib.seccomp_syscall_resolve_name(name.encode())
    if number >= 0:
        assert lib.seccomp_rule_add(second, 0x7fff0000, number, 0) == 0
load(second)
os.execv(sys.argv[4], sys.argv[4:])
`;
const filter = [
  program('python3'),
  ...['-c', filtered, given('SystemCallErrorNumber')[0] ?? ''],
  ...[given('RestrictAddressFamilies')[0] ?? '', allowedCalls().join(' ')],
];
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

test('the filters are in force', async () => {
  const [python = '', ...args] = filter;
  const tries = `import os, socket
try: socket.socket(socket.AF_NETLINK)
except OSError as error: print(error.errno)
try: os.sched_setaffinity(0, [0])
except OSError as error: print(error.errno)`;
  const child = spawn(python, [...args, python, '-c', tries]);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      said += chunk;
    });
  }
  await once(child, 'close');
  const { EAFNOSUPPORT, EPERM } = constants.errno;
  expect(said).toBe(`${EAFNOSUPPORT}\n${EPERM}\n`);
});

test('Usher serves under the filters, with workers', { timeout: 60_000 }, async () => {
  // V8 asks for keys of memory protection where the processor has them.
  expect(allowedCalls()).toContain('pkey_alloc');
  const wrapped = `set -- ${filter.map(quoted).join(' ')} "$0" "$1"; exec "$@" serve`;
  const usher = await startUsherProcess({ USHER_WORKERS: '2' }, wrapped);
  try {
    const status = readFileSync(`/proc/${(await workerPids(usher))[0]}/status`, 'utf8');
    expect(/^Seccomp_filters:\s+(\d+)$/m.exec(status)?.[1]).toBe('2');
    const answer = await fetch(`http://${usher.http}/readyz`);
    expect([answer.status, await answer.json()]).toMatchObject([200, { status: 'ready' }]);
    expect(await usher.stop()).toBe(0);
  } finally {
    await usher.remove();
  }
});
