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

/** What callers saw. */
interface Seen {
  /** Calls whose answer has begun. */
  answered: number;
  /** Connections that the server has closed. */
  closed: number;
}

/**
 * Calls many times on one connection, and reads no answer. Resolves once the calls are on their way, or
 * the server has closed the connection.
 */
async function callSilently(address: string, request: Buffer, calls: number, seen: Seen) {
  const session = connect(`http://${address}`, { settings: { initialWindowSize: 0 } });
  session.on('error', () => {});
  session.once('close', () => seen.closed++);
  await new Promise<void>(resolve => session.once('remoteSettings', () => resolve()));
  const sent = Array.from({ length: calls }, () => {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/usher.v1.VerifierService/BatchVerify',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('error', () => {});
    stream.once('response', () => seen.answered++);
    return new Promise<void>(resolve => {
      stream.once('close', resolve);
      stream.end(request, resolve);
    });
  });
  await Promise.all(sent);
}

interface Load {
  connections: number;
  calls: number;
  metadataBytes: number;
  /** Whether the callers have done what takes memory. */
  isOver(seen: Seen): boolean;
}

test.each<[name: string, load: Load]>([
  // Without limits they would hold 200 MB. What three or four connections hold fits into the limit.
  [
    'long answers',
    { connections: 20, calls: 40, metadataBytes: 1000, isOver: ({ closed }) => closed >= 15 },
  ],
  // What is answered is short, but each call leaves garbage.
  [
    'many refusals',
    { connections: 40, calls: 100, metadataBytes: 0, isOver: ({ answered }) => answered > 1000 },
  ],
])(
  'callers that do not read %s leave the process at most 64 MB larger',
  {
    timeout: 120_000,
  },
  async (_, { connections, calls, metadataBytes, isOver }) => {
    const longMs = '600000';
    const usher = await startUsherProcess({
      ...ownEngine,
      USHER_DEADLINE_MS: longMs,
      USHER_DEADLINE_MS_MAX: longMs,
    });
    try {
      const metadata = { plan: 'x'.repeat(metadataBytes) };
      const { token } = await adminOf(usher).create({ kind: Kind.STATIC, name: 'long', metadata });
      const pid = usher.child.pid as number;
      const before = residentMb(pid);
      const request = batchOf(metadataBytes > 0 ? token : 'x');
      const seen = { answered: 0, closed: 0 };
      for (let n = 0; n < connections; n++) await callSilently(usher.grpc, request, calls, seen);
      await until(() => isOver(seen));
      // What they held is collected, without a call that would make garbage.
      await until(() => residentMb(pid) - before < 64);
      const answer = await fetch(`http://${usher.http}/`, { headers: { authorization: token } });
      expect(answer.status).toBe(200);
    } finally {
      await usher.remove();
    }
  },
);
