/** Callers that do not read their answers: what the process grows by, in bytes. */

import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { BatchVerifyRequestSchema } from '../../src/gen/usher/v1/verifier_pb.ts';
import { ownEngine } from '../engine.ts';
import { until } from '../until.ts';
import { adminOf } from './api.ts';
import { startUsherProcess } from './usher-process.ts';

/** Resident memory of a process, in MB (proc(5)). */
function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

/** What the process holds for JavaScript, in MB: the heap, and the buffers outside of it. */
async function heldMb({ manager }: { manager: string }): Promise<number> {
  const metrics = await (await fetch(`http://${manager}/metrics`)).text();
  const value = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics)?.[1]);
  const bytes = value('nodejs_heap_size_total_bytes') + value('nodejs_external_memory_bytes');
  return bytes / 1024 / 1024;
}

function batchOf(header: string): Buffer {
  const requests = Array.from({ length: 250 }, () => ({ header }));
  const message = toBinary(
    BatchVerifyRequestSchema,
    create(BatchVerifyRequestSchema, { requests }),
  );
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}

/**
 * Calls many times on one connection, and reads no answer. Resolves once the calls are on their way;
 * `onClose` is called when the server has closed the connection.
 */
async function callSilently(address: string, request: Buffer, onClose: () => void): Promise<void> {
  const session = connect(`http://${address}`, { settings: { initialWindowSize: 0 } });
  session.on('error', () => {});
  session.once('close', onClose);
  await new Promise<void>(resolve => session.once('remoteSettings', () => resolve()));
  const sent = Array.from({ length: 40 }, () => {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/usher.v1.VerifierService/BatchVerify',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('error', () => {});
    return new Promise<void>(resolve => {
      stream.once('close', resolve);
      stream.end(request, resolve);
    });
  });
  await Promise.all(sent);
}

test('callers that do not read are closed, and the process holds at most 64 MB more then', {
  timeout: 120_000,
}, async () => {
  const longMs = '600000';
  const usher = await startUsherProcess({
    ...ownEngine,
    USHER_DEADLINE_MS: longMs,
    USHER_DEADLINE_MS_MAX: longMs,
  });
  try {
    const metadata = { plan: 'x'.repeat(1000) };
    const { token } = await adminOf(usher).create({ kind: Kind.STATIC, name: 'long', metadata });
    const pid = usher.child.pid as number;
    const [before, heldBefore] = [residentMb(pid), await heldMb(usher)];
    const request = batchOf(token);
    // Without limits they would hold 250 MB of answers. Those of three or four fit into the limit.
    let closed = 0;
    let onMost = () => {};
    const mostClosed = new Promise<void>(resolve => {
      onMost = resolve;
    });
    for (let n = 0; n < 20; n++) {
      await callSilently(usher.grpc, request, () => {
        closed++;
        if (closed === 15) onMost();
      });
    }
    await mostClosed;
    // What they held is collected, without a call that would make garbage. The C library keeps some of the
    // pages that are free again: 20 MB and more, when the callers come faster than the sweeps.
    await until(async () => (await heldMb(usher)) - heldBefore < 64);
    expect(residentMb(pid) - before).toBeLessThan(96);
    const answer = await fetch(`http://${usher.http}/`, { headers: { authorization: token } });
    expect(answer.status).toBe(200);
  } finally {
    await usher.remove();
  }
});
