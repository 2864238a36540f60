/** The manager port: cross-site protection, files and their headers, and the status. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ask } from './ask.ts';
import { adminToken, type ManagerOnPort, startManager } from './manager-on-port.ts';
import { type SignedIn, sessionIn, signInWith } from './signed-in.ts';

let on: ManagerOnPort;
beforeEach(async () => {
  on = await startManager();
});
afterEach(() => on.close());

async function session(): Promise<SignedIn> {
  return sessionIn(await signInWith(on, { token: adminToken }));
}

describe('a session counts only on a request that the own page made', () => {
  const host = 'usher.example:8081';
  const json = 'application/json';
  const cases: [string, Record<string, string>, boolean][] = [
    ['same origin', { 'sec-fetch-site': 'same-origin', 'content-type': json }, true],
    [
      'same origin, streaming',
      { 'sec-fetch-site': 'same-origin', 'connect-protocol-version': '1' },
      true,
    ],
    ['old browser', { origin: `http://${host}`, 'content-type': json }, true],
    [
      'TLS ended by a proxy',
      { origin: `https://${host}`, 'content-type': 'application/proto' },
      true,
    ],
    ['neither header', { 'content-type': json }, false],
    ['another port', { 'sec-fetch-site': 'same-site', 'content-type': json }, false],
    ['another site', { 'sec-fetch-site': 'cross-site', 'content-type': json }, false],
    ['typed address', { 'sec-fetch-site': 'none', 'content-type': json }, false],
    ['another origin', { origin: 'http://evil.example', 'content-type': json }, false],
    ['an origin of nothing', { origin: 'null', 'content-type': json }, false],
    [
      'the two disagree',
      { 'sec-fetch-site': 'same-origin', origin: 'http://evil.example', 'content-type': json },
      false,
    ],
    ['a form', { 'sec-fetch-site': 'same-origin', 'content-type': 'text/plain; a=b' }, false],
    ['no type', { 'sec-fetch-site': 'same-origin' }, false],
  ];
  test.each(cases)('%s', async (_, headers, isCaller) => {
    const sent = { ...headers, host, ...(await session()) };
    const caller = await on.manager.callerOf(sent, '10.0.0.1');
    expect(caller?.actor).toBe(isCaller ? adminToken : undefined);
    expect(caller?.peer).toBe(isCaller ? '10.0.0.1' : undefined);
  });

  test('without a session there is no caller', async () => {
    const headers = { 'sec-fetch-site': 'same-origin', 'content-type': json };
    expect(await on.manager.callerOf(headers, '')).toBeUndefined();
  });
});

describe('the web app', () => {
  test('every page is the app, with its own nonce in the content security policy', async () => {
    const nonces = new Set<string>();
    for (const path of ['/', '/tokens/01890a5d-ac96-774b-bcce-b302099a8057', '/index.html']) {
      const page = await ask(on.url + path);
      const policy = String(page.headers['content-security-policy']);
      const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? 'none';
      nonces.add(nonce);
      expect(page.text).toBe(`<meta nonce="${nonce}"><p>the app</p>`);
      expect(policy).toContain("default-src 'none'; script-src 'self';");
      expect(policy).not.toContain('unsafe');
      expect(page.headers['cache-control']).toBe('no-store');
      expect(page.headers['x-content-type-options']).toBe('nosniff');
      expect(page.headers['referrer-policy']).toBe('no-referrer');
      expect(policy).toContain("frame-ancestors 'none'");
      expect(page.headers['x-frame-options']).toBe('DENY');
    }
    expect(nonces.size).toBe(3);
  });

  test('hashed files are cached for a year, compressed for those who accept it', async () => {
    const path = `${on.url}/assets/index-abc123.js`;
    const plain = await ask(path);
    expect(plain.text).toBe('plain');
    expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(plain.headers['x-content-type-options']).toBe('nosniff');
    const packed = await ask(path, { headers: { 'accept-encoding': 'gzip' } });
    expect(packed.text).toBe('packed');
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(packed.headers.vary).toBe('Accept-Encoding');
  });

  test.each(['/assets/other.js', '/.vite/manifest.json', '/assets/..%2f..%2fpackage.json'])(
    '%s is not there',
    async path => {
      expect((await ask(on.url + path)).status).toBe(404);
    },
  );

  test('other methods are left to other handlers', async () => {
    const answer = await ask(`${on.url}/usher.v1.AccessTokenService/List`, { method: 'POST' });
    expect(answer.text).toBe('not its own');
  });

  test('an app that is not built says how to build it', async () => {
    await on.close();
    on = await startManager({ webFolder: '/nowhere' });
    const page = await ask(on.url);
    expect(page.status).toBe(503);
    expect(page.text).toContain('npm run build:web');
  });
});

describe('the status', () => {
  test('is only for callers who signed in', async () => {
    expect((await ask(`${on.url}/status`)).status).toBe(401);
    const headers = { ...(await session()), 'sec-fetch-site': 'same-origin' };
    const answer = await ask(`${on.url}/status`, { headers });
    expect(JSON.parse(answer.text)).toMatchObject({ store: { kind: 'lmdb', up: true } });
    const foreign = { ...headers, 'sec-fetch-site': 'same-site' };
    expect((await ask(`${on.url}/status`, { headers: foreign })).status).toBe(401);
  });

  test('is a page of the app when a browser opens it', async () => {
    const page = await ask(`${on.url}/status`, { headers: { accept: 'text/html,*/*' } });
    expect(page.text).toContain('the app');
  });
});
