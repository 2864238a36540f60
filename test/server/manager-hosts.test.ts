/** The API Manager answers to its own names alone; probes and metrics answer to any. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from '../manager/ask.ts';
import { runServer, type TestServer } from './run-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await runServer({ USHER_MANAGER_HOSTS: 'Usher.example.com, 10.0.0.7' });
});
afterAll(() => server.stop());

const list = '/usher.v1.AccessTokenService/List';
const request = (path: string, host: string) => {
  const rpc = { method: 'POST', body: '{}' };
  const headers = { host, authorization: server.adminToken, 'content-type': 'application/json' };
  return ask(`http://${server.manager}${path}`, { ...(path === list && rpc), headers });
};

test.each(['usher.example.com', 'usher.example.com:8443', '10.0.0.7', 'localhost:1', '[::1]:8081'])(
  'everything answers to %s',
  async host => {
    expect((await request('/', host)).status).toBe(200);
    expect((await request(list, host)).status).toBe(200);
    expect((await request('/status', host)).status).toBe(401);
  },
);

test.each(['/', '/session', '/status', '/assets/x.js', list])(
  '%s does not answer to a name that an attacker points here',
  async path => {
    const answer = await request(path, 'evil.example:8081');
    expect(answer.status).toBe(403);
    const message =
      'the API Manager does not answer to this host name; to allow it, add it to USHER_MANAGER_HOSTS';
    expect(JSON.parse(answer.text)).toEqual({
      error: message,
      code: 'failed_precondition',
      message,
    });
  },
);

test.each(['/healthz', '/readyz', '/metrics'])('%s answers to any name', async path => {
  expect((await request(path, 'usher-0.usher.svc:8081')).status).toBe(200);
});
