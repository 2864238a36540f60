/** The clients of docs/clients.md, made, built and run as pasted, against a real server. */

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
let place: Place;
let server: Started;
let bash: BashSession;

beforeAll(async () => {
  const own = await findPlace({ USHER_STORE: `lmdb:${folder}/data`, TMPDIR: folder });
  const path = [dirname(program('go-1.24')), own.env.PATH].join(delimiter);
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

test.each(snippets.map(snippet => [snippet.commands.split('\n')[0], snippet] as const))(
  '%s',
  async (_, { commands, shown }) => {
    const pasted = place.adapt(commands).replace('data/admin-token', `${folder}/data/admin-token`);
    const { code, stdout, stderr } = await bash.run(pasted);
    expect(code, stderr).toBe(0);
    if (shown !== undefined) expect(stdout.trim(), stderr).toMatch(outputLike(shown));
  },
  snippetMsMax,
);
