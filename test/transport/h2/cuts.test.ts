/** The same bytes in any two cuts lead to the same answer: sessions of real clients. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { H2Connection } from '../../../src/transport/h2/connection.ts';
import type { H2Fault } from '../../../src/transport/h2/frame.ts';
import { FakeSocket } from './fake-socket.ts';
import { echo, roomyLimits } from './served.ts';

const recorded = (name: string) =>
  readFileSync(join(import.meta.dirname, 'recorded', `${name}.bin`));

/** What the server sends to these chunks, as Latin-1. */
function answerTo(...chunks: Buffer[]): string {
  const socket = new FakeSocket();
  const faults: H2Fault[] = [];
  const bugs: unknown[] = [];
  new H2Connection(socket.socket, {
    limits: roomyLimits,
    createHandler: () => echo({ faults, bugs, requests: [], resets: [] }),
    onFault: fault => faults.push(fault),
    onBug: error => bugs.push(error),
    notHttp2: Buffer.alloc(0),
  });
  for (const chunk of chunks) {
    socket.arrive(chunk);
    socket.take();
  }
  const sent = Buffer.concat(socket.sent).toString('latin1');
  socket.close();
  return `${faults} ${bugs} ${sent}`;
}

const atEach = (session: Buffer) => Array.from({ length: session.length - 1 }, (_, n) => n + 1);

test.each<[string, string, number]>([
  ['grpcurl', 'one call', 195],
  ['grpc-js', 'a call, and half of another whose fields are indexed', 285],
])(
  '%s: all pairs of cuts in %s',
  (name, _, length) => {
    const session = recorded(name).subarray(0, length);
    const whole = answerTo(session);
    expect(whole.length).toBeGreaterThan(100);
    const wrong: string[] = [];
    for (const first of atEach(session)) {
      const head = session.subarray(0, first);
      for (const second of atEach(session)) {
        if (second <= first) continue;
        const answer = answerTo(head, session.subarray(first, second), session.subarray(second));
        if (answer !== whole) wrong.push(`${first} ${second}`);
      }
    }
    expect(wrong).toEqual([]);
  },
  120_000,
);

test.each(['grpc-go', 'grpcurl', 'grpc-js'])('%s: in two, and byte by byte', name => {
  const session = recorded(name);
  const whole = answerTo(session);
  for (const at of atEach(session)) {
    expect(answerTo(session.subarray(0, at), session.subarray(at))).toBe(whole);
  }
  expect(answerTo(...[...session].map(byte => Buffer.of(byte)))).toBe(whole);
});
