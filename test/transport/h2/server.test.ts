/** The connections of one listener. */

import type { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import type { H2Fault } from '../../../src/transport/h2/frame.ts';
import { createH2Server } from '../../../src/transport/h2/server.ts';
import { FakeSocket } from './fake-socket.ts';
import { frame, preface, settings } from './raw-frames.ts';
import { echo, roomyLimits } from './served.ts';

function listening() {
  const faults: H2Fault[] = [];
  const recorded = { faults, bugs: [] as unknown[], requests: [], resets: [] };
  const server = createH2Server({
    limits: roomyLimits,
    createHandler: () => echo(recorded),
    onFault: fault => faults.push(fault),
    onBug: error => recorded.bugs.push(error),
    notHttp2: Buffer.from('not HTTP/2'),
  });
  return { server, faults };
}

/** A socket after a TLS handshake that agreed on this protocol. */
function tlsSocket(alpnProtocol: string | false): FakeSocket {
  return Object.assign(new FakeSocket(), { alpnProtocol });
}

test.each(['http/1.1', false] as const)('TLS that agreed on %s is closed, and counted', name => {
  const { server, faults } = listening();
  const socket = tlsSocket(name);
  server.accept(socket.socket as TLSSocket);
  expect(socket.destroyed).toBe(true);
  expect(faults).toEqual(['preface']);
  expect([...server.connections()]).toEqual([]);
});

test('TLS that agreed on h2 is served, and so is a socket without TLS', () => {
  const { server, faults } = listening();
  for (const socket of [tlsSocket('h2'), new FakeSocket()]) {
    server.accept(socket.socket);
    socket.arrive(Buffer.concat([preface, settings()]));
    expect(socket.destroyed).toBe(false);
    expect(socket.sent.length).toBeGreaterThan(0);
  }
  expect([...server.connections()]).toHaveLength(2);
  expect(faults).toEqual([]);
  server.destroy();
});

test('all are closed at once, and those that are closed are forgotten', () => {
  const { server } = listening();
  const sockets = [new FakeSocket(), new FakeSocket()];
  for (const socket of sockets) server.accept(socket.socket);
  sockets[0]?.close();
  expect([...server.connections()]).toHaveLength(1);
  server.destroy();
  expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  sockets[1]?.close();
  expect([...server.connections()]).toEqual([]);
});

test('all are told to go away, those that come later too, and it waits for those that were open', async () => {
  const { server } = listening();
  const [early, late] = [new FakeSocket(), new FakeSocket()];
  const goAway = frame('goaway', 0, 0, '7fffffff00000000');
  const isToldToGo = async (socket: FakeSocket) => {
    // What is sent outside of a read goes out at the end of the turn.
    await new Promise(resolve => setImmediate(resolve));
    return Buffer.concat(socket.sent).includes(goAway);
  };
  server.accept(early.socket);
  early.arrive(Buffer.concat([preface, settings()]));
  early.take();
  let isOver = false;
  const over = server.goAway().then(() => {
    isOver = true;
  });
  expect([await isToldToGo(early), isOver]).toEqual([true, false]);
  server.accept(late.socket);
  late.arrive(Buffer.concat([preface, settings()]));
  expect(await isToldToGo(late)).toBe(true);
  early.close();
  await over;
  late.close();
});
