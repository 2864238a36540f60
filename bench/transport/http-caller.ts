/**
 * Calls over HTTP/1.1 where each call has a header of its own, as cheaply as JavaScript can. Reads what
 * to do as JSON, prints what it cost as JSON.
 */

import { connect, type Socket } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../row.ts';

/** The calls to make. */
export interface Calls {
  port: number;
  path: string;
  /** The Authorization headers, one after the other, from the start again when there are fewer. */
  headers: string[];
  calls: number;
  connections: number;
  /** As fast as answers come when absent; else how often a timer makes them, answered or not. */
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

/** What a paced caller catches up at most. */
const lateMsMax = 3;

process.stdout.write(JSON.stringify(await play((await json(process.stdin)) as Calls)));

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
    await pace(order.perSecond, calls, () => {
      void lines[sent % connections]?.(next(), performance.now());
    });
    while (timesMs.length < calls) await sleep(1);
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

/**
 * Makes calls at a rate, whether those before were answered or not: at each tick of a timer those that
 * are due, so that this process sleeps in between and leaves its core to others. What it is late for by
 * more than `lateMsMax` it makes later, instead of all at once: that would be a load of its own.
 */
async function pace(perSecond: number, calls: number, call: () => void) {
  let began = performance.now();
  let made = 0;
  while (made < calls) {
    const now = performance.now();
    began = Math.max(began, now - lateMsMax - (made * 1000) / perSecond);
    for (; made < calls && began + (made * 1000) / perSecond <= now; made++) call();
    await sleep(1);
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
