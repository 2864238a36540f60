/** Real load balancers find Usher up by their default health checks, and pass good tokens on to it. */

import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownEngine } from '../engine.ts';
import { freePort } from '../free-port.ts';
import { runServer, type TestServer } from '../server/run-server.ts';
import { until } from '../until.ts';
import { balancers } from './balancers.ts';
import { startInFolder } from './process.ts';
import { type Recorder, record } from './recorder.ts';
import { send } from './request.ts';
import { makeStatic } from './tokens.ts';

let usher: TestServer;
let token: string;

beforeAll(async () => {
  usher = await runServer(ownEngine);
  ({ token } = await makeStatic(usher));
});
afterAll(() => usher.stop());

/** 30 KB in lines that fit the buffers of every balancer as it comes. */
const cookies = [1, 2, 3, 4].map(at => ['Cookie', `c${at}=${'x'.repeat(7500)}`] as const);

const isListening = (port: number) =>
  new Promise<boolean>(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

describe.each(Object.entries(balancers))('%s', (name, balancer) => {
  const recorders: Record<string, Recorder> = {};
  let port: number;
  let folder: string;
  let own: number;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    for (const [check, listener] of Object.entries(balancer.checks)) {
      recorders[check] = await record(usher[listener]);
    }
    const addresses = Object.entries(recorders).map(([check, { address }]) => [check, address]);
    [port, own] = [await freePort(), await freePort()];
    const files = balancer.files(Object.fromEntries(addresses), port, own);
    stop = await startInFolder(name, balancer.command(), files, async at => {
      folder = at;
      return await isListening(port);
    });
  });
  afterAll(async () => {
    await stop();
    await Promise.all(Object.values(recorders).map(recorder => recorder.stop()));
  });

  test('finds every listener up', async () => {
    const all = Object.keys(balancer.checks);
    // A balancer may count a server as up before it has checked it. A check of TCP alone is over
    // before Usher can see it, and nginx makes none.
    const seen = all.filter(check => name !== 'nginx' && !check.endsWith('_tcp'));
    await until(() => seen.every(check => recorders[check]?.connections.length));
    await until(async () => {
      const passed = await balancer.passed(own, folder);
      return all.every(check => passed.includes(check));
    });
    const overHttp = all.filter(check => balancer.checks[check] !== 'grpc');
    for (const check of overHttp) {
      for (const { answered } of recorders[check]?.connections ?? []) {
        // Empty for checks of the connection alone.
        expect(answered).toMatch(/^(HTTP\/1\.1 20[04] |$)/);
      }
    }
  });

  test('passes a good token on, with 30 KB of other headers', async () => {
    const headers = [['Authorization', token] as const, ...cookies];
    const { status, body } = await send(port, { path: '/', headers });
    expect([status, body]).toEqual([200, expect.stringContaining('Oh, Hello')]);
    const { status: refused } = await send(port, { path: '/', headers: cookies });
    expect(refused).toBe(401);
  });
});
