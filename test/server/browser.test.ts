/** Browsers: the seed's fetch and a connect-web client, from a page of another origin. */

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build, type Rollup } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { launchChromium } from '../manager/chromium.ts';
import { sign } from '../transport/parity/case.ts';
import { adminOf } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

/** The client, bundled for a page. */
async function bundle(): Promise<string> {
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      lib: {
        entry: fileURLToPath(new URL('browser-client.ts', import.meta.url)),
        formats: ['iife'],
        name: 'page',
      },
    },
  })) as Rollup.RollupOutput[];
  return built[0]?.output[0]?.code ?? '';
}

let server: TestServer;
let page: Page;
let browser: Browser;
let pages: Server;
let origin: string;
let token: string;
let jwt: string;

beforeAll(async () => {
  const code = await bundle();
  pages = createServer((_req, res) => {
    res.setHeader('Content-Type', 'text/html; charset=utf-8');
    res.end(`<!doctype html><title>another origin</title><script>${code}</script>`);
  }).listen(0, '127.0.0.1');
  await once(pages, 'listening');
  origin = `http://127.0.0.1:${(pages.address() as { port: number }).port}`;
  server = await runServer();
  const admin = adminOf(server);
  token = (await admin.create({ kind: Kind.STATIC, name: 'browser' })).token;
  const made = await admin.create({ kind: Kind.JWT, name: 'browser' });
  const header = { alg: 'HS256', typ: 'JWT', kid: made.accessToken?.id };
  jwt = sign(made.secret, header, { exp: Math.floor(Date.now() / 1000) + 3600 });
  browser = await launchChromium();
  page = await browser.newPage();
  await page.goto(origin);
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  pages.close();
});

/** Runs the seed's example on the page. */
const seedFetch = (address: string, bearer: string) =>
  page.evaluate(
    ([url, authorization]) =>
      fetch(url as string, { method: 'GET', headers: { authorization: authorization as string } })
        .then(response => response.json())
        .catch(error => `${error.name}`),
    [`http://${address}/`, `Bearer ${bearer}`],
  );

/** Runs the bundled client on the page. */
const askOnPage = (address: string, authorization: string) =>
  page.evaluate(
    ([url, header]) =>
      (globalThis as unknown as { ask(url: string, token: string): Promise<unknown> }).ask(
        url as string,
        header as string,
      ),
    [`http://${address}`, authorization],
  );

describe('a page of another origin', () => {
  test('greets the holder of a JWT, as in the example', async () => {
    expect(await seedFetch(server.http, jwt)).toEqual({
      message: 'Oh, Hello',
      time: expect.stringMatching(/^[\d-]{10}T[\d:]{8}Z$/),
    });
  });

  test('reads a refusal', async () => {
    expect(await seedFetch(server.http, 'x.y.z')).toEqual({ error: 'token is not valid' });
  });

  test('calls Hello and Verify with connect-web', async () => {
    expect(await askOnPage(server.http, token)).toEqual({
      hello: { message: 'Oh, Hello', time: expect.any(String) },
      verdict: { valid: true, message: '' },
    });
  });

  test('gets the typed error of an invalid token', async () => {
    expect(await askOnPage(server.http, `${token}, ${token}`)).toEqual({
      hello: {
        code: 'Unauthenticated',
        message: 'authorization header is malformed',
        httpStatus: 401,
      },
      verdict: { valid: false, message: 'authorization header is malformed' },
    });
  });
});

describe('an origin that is not allowed', () => {
  let strict: TestServer;
  beforeAll(async () => {
    strict = await runServer({ USHER_CORS_ORIGINS: 'https://app.example.com' });
  });
  afterAll(async () => await strict.stop());

  test('is refused by the browser, for fetch and for connect-web', async () => {
    expect(await seedFetch(strict.http, jwt)).toBe('TypeError');
    expect(await askOnPage(strict.http, token)).toMatchObject({
      hello: { code: 'Unknown' },
      verdict: { failed: 'Unknown' },
    });
  });

  test('is accepted where it is listed', async () => {
    const open = await runServer({ USHER_CORS_ORIGINS: `https://app.example.com,${origin}` });
    // The token is unknown there. Usher refuses it, not the browser: the page can read the answer.
    expect(await seedFetch(open.http, jwt)).toEqual({ error: 'token is not valid' });
    await open.stop();
  });

  test('cannot use the API Manager at all', async () => {
    expect(await seedFetch(server.manager, jwt)).toBe('TypeError');
  });
});
