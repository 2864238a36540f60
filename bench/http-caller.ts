/**
 * Calls over HTTP/1.1 where each call has a header of its own, as cheaply as JavaScript can. Reads what
 * to do as JSON, prints what it cost as JSON.
 */

import { connect, type Socket } from 'node:net';
import { json } from 'node:stream/consumers';
import { quantile } from './row.ts';

/** Calls of one sort; several sorts are made at once. */
export interface Calls {
  port: number;
  path: string;
  /** The Authorization headers, one after the other, from the start again when there are fewer. */
  headers: string[];
  calls: number;
  connections: number;
  /** As fast as answers come when absent. */
  perSecond?: number;
  /** The status that an answer must have. */
  status: number;
}

/** What came of it. */
export interface CallsOutcome {
  callsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Answers that said 503: the verdict could not be known, in time or for too many at once. */
  unavailable: number;
}

const sorts = (await json(process.stdin)) as Calls[];
process.stdout.write(JSON.stringify(await Promise.all(sorts.map(play))));

async function play(order: Calls): Promise<CallsOutcome> {
  const { calls, connections, headers } = order;
  const requests = headers.map(header => requestOf(order, header));
  const timesMs: number[] = [];
  const outcome = { unavailable: 0 };
  let sent = 0;
  const next = () => requests[sent++ % requests.length] as Buffer;
  const began = performance.now();
  const lines = Array.from({ length: connections }, () => openLine(order, timesMs, outcome));
  if (order.perSecond === undefined) {
    const follow = async (line: Line) => {
      while (sent < calls) await line(next(), performance.now());
    };
    await Promise.all(lines.map(follow));
  } else {
    await pace(order.perSecond, calls, dueAt => void lines[sent % connections]?.(next(), dueAt));
    while (timesMs.length < calls) await new Promise(resolve => setTimeout(resolve, 1));
  }
  const seconds = (performance.now() - began) / 1000;
  for (const line of lines) line.socket.destroy();
  timesMs.sort((a, b) => a - b);
  return {
    ...outcome,
    callsPerSecond: calls / seconds,
    p50Ms: quantile(timesMs, 0.5),
    p99Ms: quantile(timesMs, 0.99),
  };
}

function requestOf({ port, path }: Calls, header: string): Buffer {
  const host = `127.0.0.1:${port}`;
  return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nauthorization: ${header}\r\n\r\n`);
}

/** Says when each call is due, whether those before it were answered or not. */
async function pace(perSecond: number, calls: number, call: (dueAt: number) => void) {
  const began = performance.now();
  let due = 0;
  while (due < calls) {
    const now = performance.now();
    while (due < calls && began + (due * 1000) / perSecond <= now) {
      call(began + (due * 1000) / perSecond);
      due++;
    }
    await new Promise(resolve => setImmediate(resolve));
  }
}

/** Sends a request; the promise resolves when it is answered. */
type Line = ((request: Buffer, sinceMs: number) => Promise<void>) & { socket: Socket };

/** A connection, on which requests wait for those before them. */
function openLine(
  { port, status }: Calls,
  timesMs: number[],
  outcome: { unavailable: number },
): Line {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const waiting: { request: Buffer; sinceMs: number; done: () => void }[] = [];
  const expected = `HTTP/1.1 ${status} `;
  socket.on('data', (chunk: Buffer) => {
    const answered = chunk.toString('latin1', 0, expected.length);
    if (answered === 'HTTP/1.1 503 ') outcome.unavailable++;
    else if (answered !== expected) throw new Error(`${answered}instead of ${expected}`);
    const first = waiting.shift();
    if (first === undefined) throw new Error('an answer in two pieces');
    timesMs.push(performance.now() - first.sinceMs);
    first.done();
    const following = waiting[0];
    if (following !== undefined) socket.write(following.request);
  });
  const send = (request: Buffer, sinceMs: number) =>
    new Promise<void>(done => {
      waiting.push({ request, sinceMs, done });
      if (waiting.length === 1) socket.write(request);
    });
  return Object.assign(send, { socket });
}
