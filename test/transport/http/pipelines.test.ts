/** Requests that come over HTTP/1.1 before the one in front of them is answered wait for turns. */

import type { IncomingMessage } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { createPipelines } from '../../../src/transport/http/pipelines.ts';
import { defaultLimits } from '../../limits.ts';
import { granted } from '../fakes.ts';
import { recordingGuard } from '../guard.ts';
import { raw, startHttp } from './server.ts';

const turn = () => new Promise(setImmediate);

/** A request on a socket that only knows whether it is paused or destroyed. */
function fakeRequest(fields = 2) {
  const socket = {
    destroyed: false,
    isPaused: false,
    pause: () => {
      socket.isPaused = true;
    },
    resume: () => {
      socket.isPaused = false;
    },
    destroy: () => {
      socket.destroyed = true;
    },
  };
  const rawHeaders = Array(2 * fields).fill('x');
  return { socket, req: { socket, rawHeaders } as unknown as IncomingMessage };
}

test('some of a connection begin in each turn; until all have, nothing more is read from it', async () => {
  const guard = recordingGuard(defaultLimits.http);
  const wait = createPipelines(guard);
  const { socket, req } = fakeRequest();
  const order: number[] = [];
  for (let n = 0; n < 40; n++) wait(req, () => order.push(n));
  expect([order.length, socket.isPaused]).toEqual([0, true]);
  const turns: number[] = [];
  while (socket.isPaused) {
    expect(guard.requests.bytes).toBeGreaterThan(0);
    await turn();
    turns.push(order.length);
  }
  expect([...new Set(turns)]).toEqual([16, 32, 40]);
  expect(order).toEqual(Array.from({ length: 40 }, (_, n) => n));
  expect([guard.requests.bytes, guard.reports]).toEqual([0, []]);
});

test('of connections that wait, each has its turn', async () => {
  const wait = createPipelines(recordingGuard(defaultLimits.http));
  const order: string[] = [];
  for (const name of ['a', 'b']) {
    const { req } = fakeRequest();
    for (let n = 0; n < 32; n++) wait(req, () => order.push(name));
  }
  while (order.length < 64) await turn();
  expect(
    order
      .join('')
      .match(/a+|b+/g)
      ?.map(each => each.length),
  ).toEqual([16, 16, 16, 16]);
});

test('those that hold most are closed when requests hold too many bytes, and begin no more', async () => {
  const guard = recordingGuard({ ...defaultLimits.http, requestBytesMax: 100_000 });
  const wait = createPipelines(guard);
  const [few, many] = [fakeRequest(), fakeRequest(20)];
  const begun: string[] = [];
  wait(few.req, () => begun.push('few'));
  for (let n = 0; n < 30; n++) wait(many.req, () => begun.push('many'));
  expect([few.socket.destroyed, many.socket.destroyed]).toEqual([false, true]);
  for (let n = 0; n < 10; n++) await turn();
  expect(begun).toEqual(['few']);
  expect([guard.requests.bytes, guard.reports]).toEqual([0, ['refused request']]);
});

test('requests that came in one read are answered in order, and another connection gets in between', async () => {
  const count = 500;
  const asked: string[] = [];
  const other = { answer: Promise.resolve('') };
  const request = (header: string, more = '') =>
    `GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: ${header}\r\nAuthorization: ${header}\r\n${more}\r\n`;
  const last = 'Connection: close\r\n';
  const { listener, port } = await startHttp({
    verifier: {
      verify({ header }) {
        if (asked.push(header) === 1) other.answer = raw(port, request('other', last));
        return granted;
      },
    },
  });
  onTestFinished(() => listener.stop(1000));
  const headers = Array.from({ length: count }, (_, n) => `n${n}`);
  const answers = await raw(
    port,
    headers.map((header, n) => request(header, n === count - 1 ? last : '')).join(''),
  );
  expect(answers.match(/HTTP\/1.1 200/g)).toHaveLength(count);
  expect(await other.answer).toMatch(/^HTTP\/1.1 200/);
  expect(asked.indexOf('other')).toBeLessThan(count / 2);
  expect(asked.filter(header => header !== 'other')).toEqual(headers);
});
