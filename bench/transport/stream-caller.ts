/**
 * A process that repeats one message on StreamVerify streams over node:http2, with a few messages
 * of each stream in flight. It reads `StreamOrder` as JSON from stdin and prints `StreamOutcome`.
 */

import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { json } from 'node:stream/consumers';
import { quantile } from '../row.ts';

const { address, message, messages, connections, streams, window } = (await json(
  process.stdin,
)) as StreamOrder;
const frame = Buffer.from(message, 'base64');

/** What to send. */
export interface StreamOrder {
  /** Address of the gRPC listener, as "host:port". */
  address: string;
  /** The framed message, in base64. */
  message: string;
  /** Number of messages in all. */
  messages: number;
  connections: number;
  /** Streams on each connection. */
  streams: number;
  /** Messages of a stream that may wait for an answer at a time. */
  window: number;
}

/** The outcome of the streams. */
export interface StreamOutcome {
  messagesPerSecond: number;
  /** Percentiles of the time from a message to its answer, in milliseconds. */
  p50Ms: number;
  p99Ms: number;
  /** The last answer without its length prefix, in base64. */
  answer: string;
}

const perStream = Math.floor(messages / (connections * streams));
const timesMs: number[] = [];
let answer: Buffer = Buffer.alloc(0);

const sessions = Array.from({ length: connections }, () => connect(`http://${address}`));
const began = performance.now();
await Promise.all(
  sessions.flatMap(session => Array.from({ length: streams }, () => callOn(session))),
);
const seconds = (performance.now() - began) / 1000;
for (const session of sessions) session.close();

timesMs.sort((a, b) => a - b);
const outcome: StreamOutcome = {
  messagesPerSecond: timesMs.length / seconds,
  p50Ms: quantile(timesMs, 0.5),
  p99Ms: quantile(timesMs, 0.99),
  answer: answer.toString('base64'),
};
process.stdout.write(JSON.stringify(outcome));

/** Runs one stream until its last message is answered. */
function callOn(session: ClientHttp2Session): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stream = session.request({
    ':method': 'POST',
    ':path': '/usher.v1.VerifierService/StreamVerify',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const sentAt: number[] = [];
  let answered = 0;
  const send = (count: number) => {
    const some = Math.min(count, perStream - sentAt.length);
    if (some === 0) return;
    for (let n = 0; n < some; n++) sentAt.push(performance.now());
    stream.write(some === 1 ? frame : Buffer.concat(Array.from({ length: some }, () => frame)));
  };
  onFrames(stream, (frames, last) => {
    const now = performance.now();
    for (let n = 0; n < frames; n++) timesMs.push(now - (sentAt[answered++] as number));
    answer = last;
    if (answered === perStream) stream.end();
    else send(frames);
  });
  stream.on('trailers', trailers => {
    if (trailers['grpc-status'] !== '0')
      reject(new Error(`grpc-status ${trailers['grpc-status']}`));
  });
  stream.on('error', reject);
  stream.on('close', () => {
    if (answered === perStream) resolve();
    else reject(new Error(`${answered} of ${perStream} messages were answered`));
  });
  send(window);
  return promise;
}

/** Calls `tell` for each chunk, with the number of complete gRPC messages and the last one. */
function onFrames(stream: ClientHttp2Stream, tell: (frames: number, last: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    let frames = 0;
    let last = bytes;
    while (at + 5 <= bytes.length && at + 5 + bytes.readUInt32BE(at + 1) <= bytes.length) {
      const length = bytes.readUInt32BE(at + 1);
      last = bytes.subarray(at + 5, at + 5 + length);
      at += 5 + length;
      frames++;
    }
    rest = bytes.subarray(at);
    if (frames > 0) tell(frames, last);
  });
}
