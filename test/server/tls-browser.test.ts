/** The API Manager over TLS in real Chromium, with a certificate of `usher dev-certs`. */

import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runUsher } from '../cli/run-usher.ts';
import { launchChromium, newVisitor } from '../manager/chromium.ts';
import { runServer, type TestServer } from './run-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'usher-tls-browser-'));
let server: TestServer;
let trusting: Browser;
let stranger: Browser;
beforeAll(async () => {
  const made = await runUsher(['dev-certs', folder]);
  expect(made.code).toBe(0);
  server = await runServer({
    USHER_MANAGER_TLS_CERT_FILE: join(folder, 'server.pem'),
    USHER_MANAGER_TLS_KEY_FILE: join(folder, 'server-key.pem'),
  });
  // Chromium looks only at what the server sends, which is its own certificate.
  const own = new X509Certificate(readFileSync(join(folder, 'server.pem')));
  const key = own.publicKey.export({ type: 'spki', format: 'der' });
  [trusting, stranger] = await Promise.all([
    launchChromium(createHash('sha256').update(key).digest('base64')),
    launchChromium(),
  ]);
});
afterAll(async () => {
  await Promise.all([trusting?.close(), stranger?.close(), server?.stop()]);
  rmSync(folder, { recursive: true });
});

test('a browser that does not trust the certificate does not open it', async () => {
  const { page } = await newVisitor(stranger, 'light');
  const opened = page.goto(`https://localhost:${portOf(server.manager)}/`);
  await expect(opened).rejects.toThrow(/ERR_CERT_AUTHORITY_INVALID/);
});

test('a sign-in gets a cookie for this host and TLS alone, and the session works', async () => {
  const complaints: string[] = [];
  const { context, page } = await newVisitor(trusting, 'light', complaints);
  const url = `https://localhost:${portOf(server.manager)}`;
  await page.goto(`${url}/login#${server.issueLoginCode()}`);
  await page.getByRole('link', { name: 'New access token' }).first().click();
  await page.getByRole('radio', { name: 'Static token' }).click();
  await page.getByLabel('Name').fill('made over TLS');
  await page.getByRole('button', { name: 'Create access token' }).click();
  await page.getByRole('heading', { name: 'made over TLS is ready' }).waitFor();
  const [cookie, ...others] = await context.cookies();
  expect(others).toEqual([]);
  expect(cookie).toMatchObject({
    ...{ name: '__Host-usher-session', domain: 'localhost', path: '/' },
    ...{ secure: true, httpOnly: true, sameSite: 'Strict' },
  });
  expect(complaints).toEqual([]);
  // Over plain text the port says what to do.
  const plain = await fetch(`http://localhost:${portOf(server.manager)}/`);
  expect([plain.status, await plain.json()]).toEqual([
    400,
    { error: 'this port speaks TLS: use https' },
  ]);
});

function portOf(address: string): string {
  return address.slice(address.lastIndexOf(':') + 1);
}
