/** Envoy with options that differ from the printed configuration. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { runServer, type TestServer } from '../server/run-server.ts';
import { refusalBody } from './cases.ts';
import { type GatewayName, startGateway } from './gateway.ts';
import { type Sent, send } from './request.ts';
import { makeStatic } from './tokens.ts';
import { startUpstream, type Upstream, valuesOf } from './upstream.ts';

let usher: TestServer;
let upstream: Upstream;
let token: string;

beforeAll(async () => {
  [usher, upstream] = await Promise.all([runServer(), startUpstream()]);
  ({ token } = await makeStatic(usher));
});
afterAll(() => Promise.all([usher.stop(), upstream.stop()]));

/** Starts Envoy with a changed configuration, sends a request, and stops it. */
async function sendThrough(
  name: GatewayName,
  change: (text: string) => string,
  ...requests: Sent[]
) {
  const { grpc, http } = usher;
  const changed = (text: string) => {
    const result = change(text);
    expect(result).not.toBe(text);
    return result;
  };
  const options = { grpc, http, upstream: upstream.address, change: changed };
  const gateway = await startGateway(name, options);
  upstream.take();
  const answers = [];
  for (const sent of requests) {
    const { status, body } = await send(gateway.port, sent);
    answers.push({ status, body, received: upstream.take() });
  }
  await gateway.stop();
  return answers;
}

test('reads raw headers as well', async () => {
  const [one, two] = await sendThrough(
    'envoy',
    text => text.replace('validate_mutations: true', 'encode_raw_headers: true'),
    { headers: [['Authorization', token]] },
    {
      headers: [
        ['Authorization', token],
        ['Authorization', token],
      ],
    },
  );
  expect(one?.status).toBe(200);
  expect([two?.status, two?.body]).toEqual([401, refusalBody('MALFORMED_CREDENTIALS')]);
});

test.each(['envoy', 'envoy-http'] as const)(
  '%s: the answer alone replaces and removes headers of the client',
  async name => {
    const [answer] = await sendThrough(
      name,
      text => text.replaceAll('remove: x-usher-', 'remove: x-other-'),
      {
        headers: [
          ['Authorization', token],
          ['X-Usher-Token-Id', 'evil'],
          ['X-Usher-Owner', 'evil'],
          ['x-usher-owner', 'evil'],
        ],
      },
    );
    expect(answer?.status).toBe(200);
    expect(answer?.received.flatMap(each => each.rawHeaders)).not.toContain('evil');
  },
);

test.each(['envoy', 'envoy-http'] as const)('%s: the token can be kept', async name => {
  const keep = (text: string) =>
    text.replace('credential: remove', 'credential: keep').replace('value: remove', 'value: keep');
  const [answer] = await sendThrough(name, keep, { headers: [['Authorization', token]] });
  expect(answer?.received.map(each => valuesOf(each, 'authorization'))).toEqual([[token]]);
});

test('an unreadable requirement refuses the request, also where errors pass', async () => {
  const [answer] = await sendThrough(
    'envoy',
    text =>
      text
        .replace('scopes: ""', 'scopes: "a\\"b"')
        .replace('failure_mode_allow: false', 'failure_mode_allow: true'),
    { headers: [['Authorization', token]] },
  );
  expect(answer?.status).toBe(403);
  expect(answer?.body).toContain("the gateway's configuration is wrong");
  expect(answer?.received).toEqual([]);
});
