/** scripts/bring-node.js brings a Node only where the machine's is too old; bin/usher.js says so. */

import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
let folder: string;
const link = () => join(folder, 'node_modules/.bin/node');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usher-node-'));
  for (const name of ['package.json', 'scripts/bring-node.js']) {
    cpSync(join(root, name), join(folder, name));
  }
  for (const major of ['24', '26']) {
    const name = join('scripts/node', major, 'package.json');
    cpSync(join(root, name), join(folder, name));
  }
  mkdirSync(join(folder, 'bin'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function stub(name: string, does: string): void {
  writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${does}\n`, { mode: 0o755 });
}

/** Runs the script on a machine whose Node has this version, where npm does `npm`. */
function bring(version: string, npm: string) {
  stub('node', `echo ${version}`);
  stub('npm', npm);
  writeFileSync(join(folder, 'bin/install.cjs'), installer);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(folder, 'scripts/bring-node.js')],
    {
      env: { PATH: [join(folder, 'bin'), '/usr/bin', '/bin'].join(delimiter) },
      encoding: 'utf8',
    },
  );
  return { status, stdout, stderr };
}

/** What npm does: it installs the packages of a folder, whose Node prints their version. */
const installer = `
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const folder = process.argv[4];
const { optionalDependencies } = JSON.parse(readFileSync(folder + '/package.json', 'utf8'));
for (const [name, version] of Object.entries(optionalDependencies)) {
  const bin = folder + '/node_modules/' + name + '/bin';
  mkdirSync(bin, { recursive: true });
  writeFileSync(bin + '/node', '#!/bin/sh\\necho v' + version, { mode: 0o755 });
}`;
const install = `exec "${process.execPath}" "$(dirname "$0")/install.cjs" "$@"`;

describe('where the machine has Node', () => {
  test.each(['v24.0.0', 'v26.3.1', 'v30.0.0'])('%s, nothing is brought', version => {
    const ran = bring(version, 'exit 1');
    expect(ran).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(existsSync(link())).toBe(false);
  });

  test.each(['v20.19.0', 'v22.12.0', 'v23.1.0'])('%s, one is brought and linked', version => {
    const ran = bring(version, install);
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).toContain(`Usher needs Node 24 or later, and this is ${version}`);
    expect(readlinkSync(link())).toMatch(/^\.\.\/\.\.\/scripts\/node\/2[46]\/node_modules\/node-/);
    const run = spawnSync(link(), ['--version'], { encoding: 'utf8' });
    expect(run.stdout).toMatch(/^v2[46]\./);
    // Another `npm ci` finds it there.
    expect(bring(version, 'exit 1')).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('that became new enough, the link is removed', () => {
    bring('v20.19.0', install);
    bring('v24.0.0', 'exit 1');
    expect(existsSync(link())).toBe(false);
  });

  test.each(['v18.20.4', 'v20.18.3', 'v22.11.0'])(
    '%s, a sentence says that it is too old',
    version => {
      const { status, stderr } = bring(version, install);
      expect(status).toBe(1);
      expect(stderr).toBe(
        `Usher needs Node 24 or later. This machine has ${version}, and npm ci needs at least ` +
          '20.19 or 22.12: install a newer Node first (https://nodejs.org), then run npm ci again.\n',
      );
    },
  );

  test('that is too old, and npm brings none, a sentence says so', () => {
    const { status, stderr } = bring('v20.19.0', 'exit 1');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Usher needs Node 24 or later\. .* does not run here: install .*\n$/);
  });
});

test('the lock files pin a hash for each package', () => {
  for (const major of ['24', '26']) {
    const text = readFileSync(join(root, 'scripts/node', major, 'package-lock.json'), 'utf8');
    const { '': own, ...packages } = JSON.parse(text).packages;
    expect(Object.keys(packages)).toHaveLength(Object.keys(own.optionalDependencies).length);
    for (const each of Object.values(packages)) {
      expect(each).toMatchObject({ integrity: expect.stringMatching(/^sha512-/) });
    }
  }
});

test('the command says in a sentence that Node is too old', () => {
  const old = `Object.defineProperty(process.versions, 'node', { value: '20.1.0' })`;
  const args = ['--import', `data:text/javascript,${encodeURIComponent(old)}`, 'bin/usher.js'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 78, stdout: '' });
  expect(stderr).toBe(
    'usher: Usher needs Node 24 or later, and this is Node 20.1.0; ' +
      'install a newer Node (https://nodejs.org); in a checkout, npm ci brings one\n',
  );
});
