/** CORS: what pages of browsers and apps may send, by the Fetch standard. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/settings/config.ts';
import { tracingHeaders } from '../../../src/transport/http/cors.ts';
import { runServer } from '../../server/run-server.ts';
import { startHttp } from './server.ts';

const app = 'https://app.example';
/** As the configuration reads them. */
const settings = readConfig({
  USHER_MASTER_KEYS: `a:${Buffer.alloc(32).toString('base64')}`,
  USHER_ADMIN_TOKEN: 'x'.repeat(32),
  USHER_CORS_ORIGINS: [
    app,
    'http://localhost:3000',
    'capacitor://localhost',
    'ionic://localhost',
    'tauri://localhost',
    'app://-',
    'app://.',
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
    'moz-extension://4f1a4a5e-3b0c-4d4e-9b3d-0a1b2c3d4e5f',
    'safari-web-extension://E3449EA7-EC25-4696-8E6C-72C9A1D2C3B4',
  ].join(','),
  USHER_CORS_HEADERS: 'X-Client-Version, traceparent',
});

let server: Awaited<ReturnType<typeof startHttp>>;
beforeAll(async () => {
  const { corsOrigins, corsHeaders } = settings;
  server = await startHttp({ corsOrigins, corsHeaders });
});
afterAll(() => server.listener.stop(5_000));

const preflight = (origin: string, headers: string, path = '/') =>
  fetch(server.url + path, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'GET',
      'access-control-request-headers': headers,
    },
  });

/** Whether a browser would send a request with this header. */
async function maySend(header: string): Promise<boolean> {
  const answer = await preflight(app, header);
  expect(answer.status).toBe(204);
  const allowed = answer.headers.get('access-control-allow-headers') ?? '';
  return allowed.toLowerCase().split(', ').includes(header.toLowerCase());
}

describe('a page may send', () => {
  test.each([
    'authorization',
    'content-type',
    'connect-protocol-version',
    'connect-timeout-ms',
    'x-grpc-web',
    'x-user-agent',
    'grpc-timeout',
    ...tracingHeaders,
  ])('%s', async header => {
    expect(await maySend(header)).toBe(true);
  });

  test('what the settings add, each name once', async () => {
    expect(await maySend('x-client-version')).toBe(true);
    const answer = await preflight(app, 'traceparent');
    const allowed = answer.headers.get('access-control-allow-headers')?.toLowerCase().split(', ');
    expect(allowed?.filter(name => name === 'traceparent')).toHaveLength(1);
  });

  test('nothing else', async () => {
    for (const header of ['x-usher-caller', 'x-other', 'cookie', '*']) {
      expect([header, await maySend(header)]).toEqual([header, false]);
    }
  });
});

describe('origins', () => {
  test.each([...settings.corsOrigins])('%s may call, alone', async origin => {
    for (const path of ['/', '/usher.v1.VerifierService/Hello']) {
      const answer = await preflight(origin, 'authorization', path);
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
      expect(answer.headers.get('vary')).toBe('Origin');
    }
    const { headers } = await fetch(server.url, { headers: { origin, authorization: 'good' } });
    expect(headers.get('access-control-allow-origin')).toBe(origin);
  });

  test.each(['null', 'file://', 'capacitor://evil', 'https://app.example.evil', app.toUpperCase()])(
    '%s may not',
    async origin => {
      const asked = await preflight(origin, 'authorization');
      const { headers } = await fetch(server.url, { headers: { origin, authorization: 'good' } });
      for (const each of [asked.headers, headers]) {
        expect(each.get('access-control-allow-origin')).toBeNull();
        expect(each.get('access-control-allow-headers')).toBeNull();
      }
    },
  );
});

test('a ping is no preflight, and a preflight no ping', async () => {
  const ping = await fetch(server.url, { method: 'OPTIONS', headers: { origin: app } });
  expect([ping.status, ping.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
  expect(ping.headers.get('access-control-allow-methods')).toBeNull();
  const asked = await preflight(app, 'authorization');
  expect(asked.headers.get('access-control-allow-methods')).toBe('GET, HEAD');
});

test('the HTTP listener of a server takes both settings', async () => {
  const whole = await runServer({
    USHER_CORS_ORIGINS: 'capacitor://localhost',
    USHER_CORS_HEADERS: 'x-client-version',
  });
  const { headers } = await fetch(`http://${whole.http}/`, {
    method: 'OPTIONS',
    headers: { origin: 'capacitor://localhost', 'access-control-request-method': 'GET' },
  });
  expect(headers.get('access-control-allow-origin')).toBe('capacitor://localhost');
  expect(headers.get('access-control-allow-headers')).toContain('x-client-version');
  await whole.stop();
});
