// Prints what is in the folder of an image, as CycloneDX 1.5: the npm packages of /app, the Debian packages,
// and Node. `npm sbom` makes the first part.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [root] = process.argv.slice(2);
if (root === undefined) throw new Error('usage: node scripts/sbom.js <the root of the image>');

const npm = execFileSync(
  'npm',
  [
    'sbom',
    '--omit=dev',
    '--package-lock-only',
    '--sbom-format=cyclonedx',
    '--sbom-type=application',
  ],
  { cwd: join(root, 'app'), encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
);
const list = JSON.parse(npm);

/** The fields of a Debian control file. */
function fieldsOf(text) {
  return Object.fromEntries(
    [...text.matchAll(/^([\w-]+): (.*)$/gm)].map(([, name, value]) => [name, value]),
  );
}

const packages = join(root, 'var/lib/dpkg/status.d');
for (const name of readdirSync(packages)) {
  const { Package, Version, Architecture } = fieldsOf(readFileSync(join(packages, name), 'utf8'));
  const purl = `pkg:deb/debian/${Package}@${encodeURIComponent(Version)}?arch=${Architecture}`;
  list.components.push({ 'bom-ref': purl, type: 'library', name: Package, version: Version, purl });
}

const node = execFileSync(join(root, 'usr/local/bin/node'), ['-p', 'process.versions.node'], {
  encoding: 'utf8',
}).trim();
const purl = `pkg:generic/node@${node}`;
list.components.push({ 'bom-ref': purl, type: 'application', name: 'node', version: node, purl });
console.log(JSON.stringify(list, null, 2));
