/** The commands of docs/keys.md that need no cloud, run in order as pasted. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BashSession, openBash } from './readme/bash-session.ts';
import { runners } from './readme/blocks.ts';
import { outputLike, shellSnippets } from './readme/snippets.ts';
import { checkout, findPlace, type Place, type Started, start } from './readme/started.ts';

/** npm starts a process for each command. */
const snippetMsMax = 180_000;

const folder = mkdtempSync(join(tmpdir(), 'usher-keys-page-'));
let place: Place;
let server: Started;
let bash: BashSession;

beforeAll(async () => {
  place = await findPlace({ USHER_STORE: `lmdb:${folder}/data`, TMPDIR: folder });
  server = await start('npm start', place.env, '--name first');
  bash = openBash(checkout, place.env);
  for (const kind of ['jwt', 'jwt', 'static']) {
    const made = await bash.run(`npm run -s usher -- token create --kind ${kind} --name ${kind}`);
    expect(made.code, made.stderr).toBe(0);
  }
});

afterAll(async () => {
  await bash.close();
  await server.stop();
  rmSync(folder, { recursive: true });
});

const chapters = runners['docs/keys.md']?.chapters ?? [];

describe.each(chapters)('%s', heading => {
  const snippets = shellSnippets({ file: 'docs/keys.md', heading });

  test('has commands', () => expect(snippets.length).toBeGreaterThan(2));

  test.each(snippets.map(snippet => [snippet.commands.split('\n')[0], snippet] as const))(
    '%s',
    async (_, { commands, shown }) => {
      // What the run-book writes goes into the test's folder.
      const adapted = commands.replaceAll('rotated.jsonl', `${folder}/rotated.jsonl`);
      const { code, stdout, stderr } = await bash.run(place.adapt(adapted));
      expect(code, stderr).toBe(0);
      if (shown !== undefined) expect(stdout.trim()).toMatch(outputLike(shown));
    },
    snippetMsMax,
  );
});

test(
  'the run-book of a leaked key rotated each secret of kind jwt, and no static token',
  async () => {
    const { stdout } = await bash.run(`grep -c '"secret"' ${folder}/rotated.jsonl`);
    expect(stdout.trim()).toBe('2');
    const { stdout: keys } = await bash.run('npm run -s usher -- keys status --json');
    const { keys: known, uses } = JSON.parse(keys);
    expect(known[0]).toMatchObject({ id: 'k3', writes: true });
    const left = uses.filter((use: { masterKeyId: string }) => use.masterKeyId !== 'k3');
    expect(left).toEqual([
      expect.objectContaining({ masterKeyId: 'k1', records: 0, jwtSecrets: 0, staticTokens: 1 }),
    ]);
  },
  snippetMsMax,
);

test('no other user may read what the run-books wrote', async () => {
  const { stdout } = await bash.run(`find ${folder} -maxdepth 1 -type f -perm /077`);
  expect(stdout).toBe('');
});
