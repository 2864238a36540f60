/** The commands of the pages that need one plain server, run in order as pasted. */

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeIn, visit } from './people/invited-setup.ts';
import { type BashSession, openBash } from './readme/bash-session.ts';
import { shellSnippets } from './readme/snippets.ts';
import { checkout, findPlace, type Place, type Started, start } from './readme/started.ts';

/** Generous, in milliseconds: each command is a process. */
const pageMsMax = 120_000;

const folder = mkdtempSync(join(tmpdir(), 'usher-commands-'));
let place: Place;
let server: Started;
let bash: BashSession;
let hooks: Server;

beforeAll(async () => {
  hooks = createServer((_, res) => void res.end());
  await new Promise<void>(resolve => hooks.listen(0, '127.0.0.1', resolve));
  // The command `usher`, as where the package is installed.
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'usher'),
    `#!/bin/sh\nexec ${process.execPath} ${checkout}bin/usher.js "$@"\n`,
  );
  chmodSync(join(bin, 'usher'), 0o755);
  place = await findPlace({
    ...{ USHER_STORE: `lmdb:${folder}/data`, TMPDIR: folder },
    ...{ USHER_OUTBOUND_ALLOW: '127.0.0.1', USHER_LEAK_SECRET: `whsec_${'abcd'.repeat(11)}` },
  });
  place.env.PATH = [bin, place.env.PATH].join(delimiter);
  server = await start(`${process.execPath} ${checkout}bin/usher.js serve`, place.env, 'Next');
  bash = openBash(folder, place.env);
}, pageMsMax);
afterAll(async () => {
  await bash?.close();
  await server?.stop();
  hooks.close();
  rmSync(folder, { recursive: true });
});

/** What a page takes for granted, and what stands on it instead of values that a reader has. */
interface Page {
  file: string;
  /** Commands that make it. */
  before?: string;
  /** On the page → in the shell. */
  values?: () => Record<string, string>;
}

const idOf = 'grep -o \'"id":"[^"]*"\' | head -n 1 | cut -d\'"\' -f4';
const hookAddress = () => `http://127.0.0.1:${(hooks.address() as AddressInfo).port}`;

const pages: Page[] = [
  { file: 'docs/running.md' },
  {
    file: 'docs/limits-and-sources.md',
    before: `ID=$(usher token create --kind static --name a --json | ${idOf})`,
    values: () => ({ '0198c0de-0000-7000-8000-000000000001': '$ID' }),
  },
  { file: 'docs/invitations.md' },
  {
    file: 'docs/people.md',
    before: `PERSON=$(usher people list --json | ${idOf})`,
    values: () => ({ '0198c0de-…': '$PERSON' }),
  },
  {
    file: 'docs/webhooks.md',
    values: () => ({
      'https://hooks.example.com/usher': hookAddress(),
      'test ID': `test "$(usher webhooks list --json | ${idOf})"`,
    }),
  },
  {
    file: 'docs/leaks.md',
    values: () => ({ 'https://usher.example.com': place.http }),
  },
  {
    file: 'docs/gateways.md',
    before: "TOKEN=$(usher token create --kind static --name holder | awk '/^token/ { print $2 }')",
  },
  {
    file: 'docs/audit-log.md',
    before: `usher token create --kind jwt --name "web shop" --owner payments
      HEAD=$(usher audit verify | grep -o '[0-9]*:[0-9a-f]\\{64\\}')`,
    values: () => ({ '4711:…': '"$HEAD"' }),
  },
];

async function runs(commands: string): Promise<string> {
  const { code, stdout, stderr } = await bash.run(`set -o pipefail\n${place.adapt(commands)}`);
  expect(code, stderr).toBe(0);
  return stdout;
}

/** Each command of a snippet on its own, so that a failure in the middle shows. */
function commandsIn(snippet: string): string[] {
  return snippet.trimEnd().split(/(?<!\\)\n/);
}

test(
  'someone is invited, and signs in',
  async () => {
    const invited = JSON.parse(
      await runs('usher people invite Ann --role keeper --owner payments --json'),
    );
    const at = { manager: place.env.USHER_MANAGER_LISTEN ?? '' };
    const { status } = await visit(at as never).signIn({ invitation: codeIn(invited.url) });
    expect(status).toBe(200);
  },
  pageMsMax,
);

describe.each(pages)('$file', ({ file, before, values = () => ({}) as Record<string, string> }) => {
  test(
    'all of its commands succeed',
    async () => {
      const snippets = shellSnippets({ file });
      expect(snippets.length).toBeGreaterThan(0);
      if (before !== undefined) await runs(before);
      for (const { commands } of snippets) {
        const adapted = Object.entries<string>(values()).reduce(
          (text, [shown, value]) => text.replaceAll(shown, value),
          commands,
        );
        for (const command of commandsIn(adapted)) {
          // curl ends with 0 whatever the status.
          expect(await runs(command)).not.toContain('"error"');
        }
      }
    },
    pageMsMax,
  );
});
