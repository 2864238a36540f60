/** A server that other machines can reach does not start before someone has said who may ask it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { secrets } from './run-server.ts';
import { startUsherProcess } from './usher-process.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'usher-exposed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('without USHER_VERIFY_ACCESS it ends with exit code 78 and the choices', async () => {
  const child = spawn(process.execPath, [main, 'serve'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH,
      USHER_STORE: `lmdb:${folder}`,
      USHER_HTTP_LISTEN: '0.0.0.0:0',
      ...secrets,
    },
  });
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect(code).toBe(78);
  expect(said).toMatch(
    /USHER_HTTP_LISTEN can be reached from other machines: say with USHER_VERIFY_ACCESS .* token .* mtls .* open /,
  );
});

test.each([
  ['token', /^USHER_VERIFY_ACCESS has token, and USHER_HTTP_LISTEN can be reached without TLS/],
  ['open', /^USHER_VERIFY_ACCESS is open: anyone who reaches USHER_HTTP_LISTEN/],
])('with %s it starts with one warning', async (access, expected) => {
  const usher = await startUsherProcess({
    USHER_HTTP_LISTEN: '0.0.0.0:0',
    USHER_VERIFY_ACCESS: access,
  });
  try {
    const warnings = usher.log.filter(({ level }) => level === 'warn');
    expect(warnings.map(({ message }) => message)).toEqual([expect.stringMatching(expected)]);
  } finally {
    await usher.remove();
  }
});
