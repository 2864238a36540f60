/** The clients of docs/clients.md, made, built and run as pasted, against a real server. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { program } from './program.ts';
import { type BashSession, openBash } from './readme/bash-session.ts';
import { outputLike, shellSnippets } from './readme/snippets.ts';
import { checkout, findPlace, type Place, type Started, start } from './readme/started.ts';

/** Generous, in milliseconds: Go downloads modules and compiles, and pip downloads packages. */
const snippetMsMax = 300_000;

const folder = mkdtempSync(join(tmpdir(), 'usher-clients-'));
/** The page needs Go 1.24; Debian 12 has an older one beside which a newer one may be installed. */
const go = [program('go'), ...(process.env.PATH ?? '').split(delimiter).map(each => `${each}/go`)];
const recentGo = go.find(path => {
  const [, minor] =
    /go1\.(\d+)/.exec(spawnSync(path, ['version'], { encoding: 'utf8' }).stdout) ?? [];
  return Number(minor) >= 24;
});

let place: Place;
let server: Started;
let bash: BashSession;

beforeAll(async () => {
  const own = await findPlace({ USHER_STORE: `lmdb:${folder}/data`, TMPDIR: folder });
  const path = [...(recentGo ? [dirname(recentGo)] : []), own.env.PATH].join(delimiter);
  place = { ...own, env: { ...own.env, PATH: path } };
  server = await start('npm start', place.env, '--name first');
  bash = openBash(checkout, place.env);
});

afterAll(async () => {
  await bash.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const snippets = shellSnippets({ file: 'docs/clients.md' });

test('there are the admin token, Go, Python and the OpenAPI document', () => {
  expect(snippets).toHaveLength(4);
});

for (const { commands, shown } of snippets) {
  const isGo = commands.includes('go run .');
  // In CI everything runs.
  test.skipIf(isGo && recentGo === undefined && !process.env.CI)(
    commands.split('\n')[0] ?? '',
    async () => {
      const admin = `${folder}/data/admin-token`;
      const pasted = place.adapt(commands).replace('data/admin-token', admin);
      const { code, stdout, stderr } = await bash.run(pasted);
      expect(code, stderr).toBe(0);
      if (shown !== undefined) expect(stdout.trim(), stderr).toMatch(outputLike(shown));
    },
    snippetMsMax,
  );
}
