// Part of `npm ci` in a checkout: where the machine's Node is too old for Usher, installs one from npm
// and links it into node_modules/.bin, which comes first on the PATH of npm's scripts. It is plain
// JavaScript that old versions of Node can run. Decision 0045 says which Node, and why.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(import.meta.url), '../..');
const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const [oldest] = /\d+/.exec(engines.node);
const bin = join(root, 'node_modules/.bin');
const link = join(bin, 'node');
const majorOf = version => Number.parseInt(version.replace('v', ''), 10);

// The machine's own, even where an earlier run has linked another one.
rmSync(link, { force: true });
const own = execFileSync('node', ['--version'], { encoding: 'utf8' }).trim();
if (majorOf(own) < Number(oldest)) bring();

/** With an older one, npm leaves out native packages of the build that are optional dependencies. */
function canInstall() {
  const [major, minor] = own.slice(1).split('.').map(Number);
  return (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 23;
}

function bring() {
  if (!canInstall()) return giveUp('npm ci needs at least 20.19 or 22.12');
  const folder = join(root, 'scripts/node', hasLibatomic() ? '26' : '24');
  const { optionalDependencies: builds } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  const platform = `${process.platform}-${process.arch}`;
  const name = Object.keys(builds).find(each => each.endsWith(platform));
  if (name === undefined || isMusl()) return giveUp(`npm has none for ${platform}`);
  const brought = join(folder, 'node_modules', name, 'bin/node');
  if (!runs(brought, builds[name])) {
    console.log(`Usher needs Node ${oldest} or later, and this is ${own}: installing ${name} …`);
    install(folder);
  }
  if (!runs(brought, builds[name])) return giveUp(`that of npm does not run here`);
  mkdirSync(bin, { recursive: true });
  symlinkSync(relative(bin, brought), link);
}

/** Node 26 for Linux is linked with libatomic, which a bare Debian does not have; macOS needs none. */
function hasLibatomic() {
  if (process.platform !== 'linux') return true;
  const { stdout } = spawnSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' });
  return (stdout ?? '').includes('libatomic.so.1');
}

function isMusl() {
  const { header } = process.report?.getReport() ?? {};
  return process.platform === 'linux' && header?.glibcVersionRuntime === undefined;
}

function runs(path, version) {
  if (!existsSync(path)) return false;
  return spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout?.trim() === `v${version}`;
}

/** Its lock file pins the hash of each package. */
function install(folder) {
  const npm = process.env.npm_execpath;
  const command = npm === undefined ? 'npm' : process.execPath;
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const args = ['ci', '--prefix', folder, ...options];
  spawnSync(command, npm === undefined ? args : [npm, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    cwd: folder,
  });
}

function giveUp(why) {
  console.error(
    `Usher needs Node ${oldest} or later. This machine has ${own}, and ${why}: ` +
      'install a newer Node first (https://nodejs.org), then run npm ci again.',
  );
  process.exitCode = 1;
}
