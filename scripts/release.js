// Makes a release in out/release: both packages, the binary, the image, what is in each, their hashes and where they come
// from. `npm run release` is a dry run, which publishes nothing; see RELEASING.md. Needs root for the image.

import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const root = resolve(import.meta.dirname, '..');
const { values: options } = parseArgs({
  options: {
    /** Makes and pushes the tag, and publishes the packages. */
    publish: { type: 'boolean', default: false },
    /** Leaves the image out, as where there is no root or no buildah. */
    'no-image': { type: 'boolean', default: false },
  },
});
const { version } = json('package.json');
const { name: sdkName } = json('packages/client/package.json');
const out = join(root, 'out/release');

function json(path) {
  return JSON.parse(readFileSync(resolve(root, path), 'utf8'));
}
function say(text) {
  console.log(`release: ${text}`);
}
function run(command, args, cwd = root) {
  return execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  }).trim();
}
function refuse(problems) {
  if (problems.length === 0) return;
  for (const problem of problems) console.error(`release: ${problem}`);
  process.exit(1);
}

/** What a release must not have; a dry run allows what only the last step brings. */
function check() {
  const dated = `## ${version} (`;
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  const versions = [
    json('package-lock.json').version,
    json('packages/client/package.json').version,
  ];
  const always = [
    ...(versions.every(other => other === version)
      ? []
      : [`the versions differ: package.json has ${version}, the others ${versions.join(', ')}`]),
    ...(/^## Unreleased$/m.test(changelog)
      ? []
      : ['CHANGELOG.md lacks the heading "## Unreleased"']),
  ];
  const toPublish = [
    ...(changelog.includes(dated) ? [] : [`CHANGELOG.md lacks the heading "${dated}<date>)"`]),
    ...(run('git', ['status', '--porcelain']) === '' ? [] : ['there are changes without a commit']),
    ...(run('git', ['tag', '--list', `v${version}`]) === '' ? [] : [`the tag v${version} exists`]),
  ];
  refuse([...always, ...(options.publish ? toPublish : [])]);
}

/** Packs both packages. Resolves to their file names. */
function pack() {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  run('npm', ['run', '-s', 'build:client']);
  const packed = folder => run('npm', ['pack', '--silent', '--pack-destination', out], folder);
  return {
    server: packed(root).split('\n').at(-1),
    client: packed(join(root, 'packages/client')).split('\n').at(-1),
  };
}

/** Installs a package into an empty folder as users do, and tries it. Writes what is in it. */
function install(file, trial) {
  const folder = mkdtempSync(join(tmpdir(), 'usher-release-'));
  try {
    const manifest = { name: `installed-${file.replace(/\.tgz$/, '')}`, version, private: true };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    run('npm', ['install', '--no-audit', '--no-fund', join(out, file)], folder);
    const said = run(...trial, folder);
    if (!said.includes(version) && !said.includes('createUsher')) {
      refuse([`${file} does not work where it is installed: ${said}`]);
    }
    const list = run('npm', ['sbom', '--sbom-format=cyclonedx'], folder);
    writeFileSync(join(out, file.replace(/\.tgz$/, '.cdx.json')), `${list}\n`);
    say(`${file} works where it is installed`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function buildImage() {
  const archive = join(out, `usher-image-${version}.tar`);
  const list = join(out, `usher-image-${version}.cdx.json`);
  execFileSync('sh', ['scripts/build-image.sh', '--out', archive, '--sbom', list], {
    cwd: root,
    stdio: 'inherit',
  });
  execFileSync('sh', ['scripts/try-image.sh', archive], { cwd: root, stdio: 'inherit' });
}

/** Builds the single-file binary, and tries it. */
function buildBinary() {
  const file = join(out, `usher-${version}-linux-${process.arch}`);
  run('npm', ['run', '-s', 'build:binary', '--', file]);
  say(run(process.execPath, ['scripts/try-binary.js', file]).split('\n').join('\nrelease: '));
  const list = JSON.parse(run('npm', ['sbom', '--omit=dev', '--sbom-format=cyclonedx']));
  const { node } = process.versions;
  const purl = `pkg:generic/node@${node}`;
  list.components.push({ 'bom-ref': purl, type: 'application', name: 'node', version: node, purl });
  writeFileSync(`${file}.cdx.json`, `${JSON.stringify(list, null, 2)}\n`);
}

/** Hashes of all files, and from what they were made: a statement of in-toto with SLSA's provenance. */
function attest(startedOn) {
  const files = readdirSync(out).toSorted();
  const digests = files.map(name => [name, hash('sha256', readFileSync(join(out, name)))]);
  const commit = run('git', ['rev-parse', 'HEAD']);
  const repository = json('package.json').repository.url;
  const lock = hash('sha256', readFileSync(join(root, 'package-lock.json')));
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: digests.map(([name, sha256]) => ({ name, digest: { sha256 } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: `${repository}#scripts/release.js`,
        externalParameters: { version, publish: options.publish },
        resolvedDependencies: [
          { uri: repository, digest: { gitCommit: commit } },
          { uri: 'package-lock.json', digest: { sha256: lock } },
        ],
      },
      runDetails: {
        builder: { id: `${repository}#scripts/release.js`, version: { node: process.version } },
        metadata: { startedOn, finishedOn: new Date().toISOString() },
      },
    },
  };
  writeFileSync(
    join(out, 'SHA256SUMS'),
    digests.map(([name, sha]) => `${sha}  ${name}\n`).join(''),
  );
  writeFileSync(join(out, 'provenance.json'), `${JSON.stringify(statement, null, 2)}\n`);
}

/** The steps that others see, each as a command. */
function publish({ server, client }) {
  const tag = `v${version}`;
  const commands = [
    ['git', ['tag', '-s', tag, '-m', tag]],
    ['git', ['push', 'origin', tag]],
    ['npm', ['publish', '--access', 'public', join(out, client)]],
    ['npm', ['publish', '--access', 'public', join(out, server)]],
  ];
  for (const [command, args] of commands) {
    const line = [command, ...args].join(' ').replaceAll(`${root}/`, '');
    if (options.publish) execFileSync(command, args, { cwd: root, stdio: 'inherit' });
    else say(`a dry run leaves out: ${line}`);
  }
}

const startedOn = new Date().toISOString();
check();
const files = pack();
install(files.server, ['npx', ['--no-install', 'usher', '--version']]);
install(files.client, [
  process.execPath,
  [
    ...['--input-type=module', '-e'],
    "console.log(Object.keys(await import(process.argv[1])).join(' '))",
    sdkName,
  ],
]);
buildBinary();
if (!options['no-image']) buildImage();
attest(startedOn);
publish(files);
for (const name of readdirSync(out)) say(`out/release/${name}`);
