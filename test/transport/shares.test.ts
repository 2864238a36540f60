/** Connections of one source are limited to its share, on every listener. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createGrpcListener } from '../../src/transport/grpc-js/listener.ts';
import { createHttpListener } from '../../src/transport/http/listener.ts';
import { defaultLimits } from '../limits.ts';
import { recordingGuard } from './guard.ts';

const cleaning: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean();
});

const onBug = () => {};

describe.each(['grpc', 'http'])('%s', kind => {
  async function start(some: object, exempt: string[] = []) {
    const guard = recordingGuard(defaultLimits.http, exempt);
    const listener =
      kind === 'grpc'
        ? createGrpcListener({
            ...{ bindings: [], onBug, guard },
            limits: { ...defaultLimits.grpc, ...some },
          })
        : createHttpListener({
            ...{ routes: [], corsOrigins: [], onBug, guard },
            limits: { ...defaultLimits.http, ...some },
          });
    cleaning.push(() => listener.stop(0));
    const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
    const open = async (localAddress: string): Promise<Socket> => {
      const socket = connect({ port, host: '127.0.0.1', localAddress });
      socket.on('error', () => {});
      cleaning.push(() => socket.destroy());
      await once(socket, 'connect');
      return socket.resume();
    };
    return { guard, listener, open };
  }
  const counted = async (listener: { connections(): number }, count: number) => {
    while (listener.connections() !== count) await new Promise(resolve => setImmediate(resolve));
  };

  test('a source has no more than its share; others have theirs', async () => {
    const { guard, listener, open } = await start({ connectionsPerSourceMax: 2 });
    const kept = [await open('127.0.0.1'), await open('127.0.0.1')];
    await counted(listener, 2);
    const refused = await open('127.0.0.1');
    expect(await guard.next()).toBe('refused source 127.0.0.1');
    if (!refused.closed) await once(refused, 'close');
    await open('127.0.0.2');
    await counted(listener, 3);
    // One that ends makes room.
    kept[0]?.destroy();
    await counted(listener, 2);
    await open('127.0.0.1');
    await counted(listener, 3);
    expect(guard.reports).toEqual([]);
  });

  test('a trusted proxy may have any number', async () => {
    const { guard, listener, open } = await start({ connectionsPerSourceMax: 1 }, ['127.0.0.1']);
    for (let n = 0; n < 4; n++) await open('127.0.0.1');
    await counted(listener, 4);
    expect(guard.reports).toEqual([]);
  });

  test('a listener that is full refuses, and says so', async () => {
    const { guard, listener, open } = await start({ connectionsMax: 1 });
    await open('127.0.0.1');
    await counted(listener, 1);
    const late = await open('127.0.0.3');
    expect(await guard.next()).toBe('refused full 127.0.0.3');
    if (!late.closed) await once(late, 'close');
    expect(listener.connections()).toBe(1);
  });
});
