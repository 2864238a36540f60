/** The commands of docs/backup.md, run in order as pasted: a backup, its check, and the drill. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from './free-port.ts';
import { type BashSession, openBash } from './readme/bash-session.ts';
import { outputLike, shellSnippets } from './readme/snippets.ts';
import { checkout, findPlace, type Place, type Started, start } from './readme/started.ts';

/** npm starts a process for each command, in milliseconds. */
const snippetMsMax = 180_000;

const home = mkdtempSync(join(tmpdir(), 'usher-backup-page-'));
let place: Place;
let server: Started;
let bash: BashSession;
let adapt: (commands: string) => string;

beforeAll(async () => {
  const env = { USHER_STORE: `lmdb:${home}/data`, HOME: home, TMPDIR: home };
  place = await findPlace(env);
  const bin = join(home, 'bin');
  mkdirSync(bin);
  const script = `#!/bin/sh\nexec ${process.execPath} ${checkout}bin/usher.js "$@"\n`;
  writeFileSync(join(bin, 'usher'), script, { mode: 0o755 });
  place.env.PATH = [bin, place.env.PATH].join(delimiter);
  const [http, manager] = [await freePort(), await freePort()];
  adapt = commands =>
    place
      .adapt(commands)
      .replaceAll('127.0.0.1:18080', `127.0.0.1:${http}`)
      .replaceAll('127.0.0.1:18081', `127.0.0.1:${manager}`)
      .replaceAll('cp data/', `cp ${home}/data/`)
      .replaceAll('/var/backups/usher', `${home}/usher-backups`)
      // It would end the session of the test.
      .replace(/^set -eu$/m, '');
  server = await start('npm start', place.env, '--name first');
  bash = openBash(checkout, place.env);
  const made = await bash.run(
    `KNOWN_TOKEN=$(npm run -s usher -- token create --kind static --name known | awk '/^token/ { print $2 }')`,
  );
  expect(made.code, made.stderr).toBe(0);
}, snippetMsMax);
afterAll(async () => {
  await bash?.close();
  await server?.stop();
  rmSync(home, { recursive: true });
});

const snippets = shellSnippets({ file: 'docs/backup.md' });

test('has all its steps', () => expect(snippets).toHaveLength(7));

test.each(snippets.map(snippet => [snippet.commands.split('\n')[0], snippet] as const))(
  '%s',
  async (_, { commands, shown }) => {
    const { code, stdout, stderr } = await bash.run(adapt(commands));
    expect(code, stderr).toBe(0);
    if (shown !== undefined) expect(stdout.trim()).toMatch(outputLike(shown));
  },
  snippetMsMax,
);

test('the nightly script made a second backup', () => {
  const files = readdirSync(join(home, 'usher-backups'));
  const named = files.filter(name => /^usher-\d{8}T\d{6}Z\.backup$/.test(name));
  expect(named).toHaveLength(2);
});
