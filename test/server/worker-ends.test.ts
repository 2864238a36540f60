/** What becomes of the connections that a worker was handed when it ends before it has taken them. */

import type { ChildProcess } from 'node:child_process';
import cluster from 'node:cluster';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../until.ts';
import { type OwnWorkers, startOwnWorkers } from './own-workers.ts';

let own: OwnWorkers;
beforeAll(async () => {
  own = await startOwnWorkers();
});
afterAll(async () => await own?.remove());

/** A request on a connection of its own. */
interface Call {
  /** Its HTTP status; NaN when the connection ends without an answer. */
  status: Promise<number>;
  isOver: boolean;
}

/** Six calls, each on a connection of its own. The workers are handed these in turn. */
function sixCalls(port: number): Call[] {
  return Array.from({ length: 6 }, () => {
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: usher\r\nConnection: close\r\n\r\n');
    const status = text(socket).then(
      answer => Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1]),
      () => Number.NaN,
    );
    const call = { status, isOver: false };
    void status.then(() => {
      call.isOver = true;
    });
    return call;
  });
}

/** Resolves when all but one have their answers: a worker that is paused was handed that one. */
function untilOneIsLeft(calls: readonly Call[]): Promise<void> {
  return until(() => calls.filter(({ isOver }) => isOver).length === 5);
}

/** Lets a worker have connections, and no answer of this process until the returned function is called. */
function holdAnswers(child: ChildProcess): () => void {
  const send = child.send.bind(child) as (...message: unknown[]) => boolean;
  const held: unknown[][] = [];
  child.send = (...message: unknown[]) => {
    const [{ act }] = message as [{ act?: string }];
    return act === 'newconn' ? send(...message) : held.push(message) > 0;
  };
  return () => {
    child.send = send;
    for (const message of held) send(...message);
  };
}

test('one that is stopped in its start answers what it was handed', async () => {
  let release = () => {};
  // The gRPC port comes first. For the other one the new worker needs an answer of this process.
  cluster.once('listening', worker => {
    release = holdAnswers(worker.process);
    worker.process.kill('SIGSTOP');
  });
  const renewed = own.workers.renew();
  const [{ process: starting }] = await once(cluster, 'listening');
  const calls = sixCalls(own.grpc);
  await untilOneIsLeft(calls);
  starting.kill('SIGTERM');
  starting.kill('SIGCONT');
  const statuses = await Promise.all(calls.map(({ status }) => status));
  // To HTTP/1.1 the gRPC port says what it speaks.
  expect(statuses).toEqual(Array(6).fill(400));
  release();
  await expect(renewed).rejects.toThrow('a worker exited before it was ready');
});

test('one that is killed leaves none of its callers without an end', async () => {
  const worker = Object.values(cluster.workers ?? {}).find(each => each?.isConnected());
  worker?.process.kill('SIGSTOP');
  const calls = sixCalls(own.http);
  await untilOneIsLeft(calls);
  worker?.process.kill('SIGKILL');
  const statuses = await Promise.all(calls.map(({ status }) => status));
  expect(statuses.toSorted()).toEqual([...Array(5).fill(401), Number.NaN]);
});
