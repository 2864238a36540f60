/** A production install has every package that the server and the command line import. */

import { globSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const {
  bin,
  dependencies,
  version,
}: Record<'bin' | 'dependencies', Record<string, string>> & { version: string } = JSON.parse(
  readFileSync(`${root}package.json`, 'utf8'),
);

test('what src imports is a dependency, not a development dependency', () => {
  // The web app is bundled at build time, so its packages are not needed at run time.
  const files = globSync('src/**/*.ts', { cwd: root }).filter(
    path => !path.startsWith('src/manager/web/'),
  );
  const packages = new Set(files.flatMap(path => importedPackages(`${root}${path}`)));
  expect([...packages].filter(name => !(name in dependencies))).toEqual([]);
  expect(packages).toContain('@connectrpc/connect-web');
});

test('the package of the SDK has the version, and what the SDK imports', () => {
  const sdk = JSON.parse(readFileSync(`${root}packages/client/package.json`, 'utf8'));
  expect(sdk.version).toBe(version);
  for (const [name, range] of Object.entries(sdk.dependencies)) {
    expect(range).toBe(`^${dependencies[name]}`);
  }
  // What it imports from other rooms has no further packages: test/client/packed.test.ts runs it.
  const packages = globSync('src/client/**/*.ts', { cwd: root }).flatMap(path =>
    importedPackages(`${root}${path}`),
  );
  // Bundled, since it demands a newer Node than what the SDK uses of it; and a type for grpc-js.
  const bundled = ['@connectrpc/connect-node', '@grpc/grpc-js'];
  const missing = new Set(packages.filter(name => !(name in sdk.dependencies)));
  expect([...missing].toSorted()).toEqual(bundled);
});

test('the command is executable', () => {
  // The container's /usr/local/bin/usher is a link to it.
  expect(statSync(`${root}${bin.usher}`).mode & 0o111).toBe(0o111);
});

function importedPackages(path: string): string[] {
  const specifiers = readFileSync(path, 'utf8').matchAll(
    /\bfrom '([^'.][^']*)'|\bimport\('([^'.][^']*)'\)/g,
  );
  return [...specifiers]
    .map(([, from, dynamic]) => from ?? dynamic ?? '')
    .filter(name => !name.startsWith('node:'))
    .map(name =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    );
}
