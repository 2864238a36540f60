/**
 * A process that makes HTTP/1.1 calls, each with its own Authorization header, at little CPU. It
 * reads `Calls` as JSON from stdin and prints `CallsOutcome` as JSON.
 */

import { connect, type Socket } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../row.ts';

/** The calls to make. */
export interface Calls {
  port: number;
  path: string;
  /** The Authorization headers, used in turn and repeated if there are fewer than calls. */
  headers: string[];
  calls: number;
  connections: number;
  /**
   * Calls per second, made whether answered or not; if absent, each answer starts the next call.
   */
  perSecond?: number;
  /** The HTTP status that an answer must have, unless it is 503. */
  status: number;
}

/** The outcome of the calls. */
export interface CallsOutcome {
  callsPerSecond: number;
  /** Percentiles of the time to an answer, in milliseconds. */
  p50Ms: number;
  p99Ms: number;
  /** Number of answers with status 503: the server had no verdict in time, or was overloaded. */
  unavailable: number;
}

/** Longest delay that a paced caller makes up for at once, in milliseconds. */
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
 * Makes calls at a fixed rate, whether earlier ones were answered or not. Each tick of a timer
 * makes the calls that are due, so that this process sleeps in between and leaves the core to
 * others. After a delay of more than `lateMsMax`, the rest is made later: all calls at once would
 * be a burst of load.
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

/** Sends a request on one connection; the promise resolves when it is answered. */
type Line = ((request: Buffer, sinceMs: number) => Promise<void>) & { socket: Socket };

/** Opens a connection; its requests are sent one after the other. */
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
