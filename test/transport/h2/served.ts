/** A server of HTTP/2 for tests: it answers with what it got, and records what happened. */

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { H2Fault } from '../../../src/transport/h2/frame.ts';
import { encodeFields } from '../../../src/transport/h2/hpack/encoder.ts';
import type { H2Limits } from '../../../src/transport/h2/limits.ts';
import { prepareAnswer } from '../../../src/transport/h2/prepared-answer.ts';
import { createH2Server, type H2Server } from '../../../src/transport/h2/server.ts';
import type { H2Handler, H2Stream } from '../../../src/transport/h2/stream.ts';

const often = { burst: 1000, perSecond: 1000 };

/** Limits that no well-behaved peer of a test reaches. */
export const roomyLimits: H2Limits = {
  headerListBytesMax: 16_384,
  headerFieldsMax: 100,
  prefaceMs: 10_000,
  stopPrefaceMs: 100,
  streamsMax: 100,
  headerBlockBytesMax: 32_768,
  continuationsMax: 8,
  streamWindowBytes: 65_535,
  connectionWindowBytes: 1_048_576,
  outputBytesMax: 262_144,
  workMax: 65_536,
  idleMs: 60_000,
  ageMs: 600_000,
  ageGraceMs: 10_000,
  keepaliveMs: 30_000,
  keepaliveTimeoutMs: 10_000,
  goAwayMs: 1000,
  goAwaySlackMs: 30,
  stopSilenceMs: 1000,
  lingerMs: 1000,
  rates: {
    resets: often,
    violations: often,
    settings: often,
    pings: often,
    windowUpdates: { burst: 100_000, perSecond: 1000 },
    emptyFrames: often,
  },
};

/** What a server recorded. */
export interface Recorded {
  faults: H2Fault[];
  bugs: unknown[];
  /** Requests that ended, as `method path content` with the length of content that is long. */
  requests: string[];
  /** Codes of streams that did not end in order. */
  resets: (number | undefined)[];
}

const headers = encodeFields([[':status', '200']]);
const trailers = encodeFields([['x-end', 'yes']]);

/**
 * Answers each request with its path and content: in one prepared answer, or, for paths that begin with
 * `/slowly`, by single calls.
 */
export function echo(recorded: Recorded): H2Handler {
  const answer = (stream: H2Stream) => {
    const { method, path } = stream.request;
    const content = Buffer.concat((stream.context as Buffer[] | undefined) ?? []);
    const text = content.length > 100 ? String(content.length) : content.toString('latin1');
    recorded.requests.push(`${method} ${path} ${text}`);
    const name = path === '/' ? 'the root of all' : path;
    const body = Buffer.concat([Buffer.from(name, 'latin1'), content]);
    if (!path.startsWith('/slowly')) return stream.answer(prepareAnswer(headers, body, trailers));
    stream.respond(headers);
    stream.write(body);
    stream.end(path === '/slowly/bare' ? undefined : trailers);
  };
  return {
    onRequest(stream, endsStream) {
      if (endsStream) answer(stream);
    },
    onData(stream, data, endsStream) {
      const content = (stream.context ?? []) as Buffer[];
      stream.context = [...content, Buffer.from(data)];
      if (stream.request.path !== '/never') stream.consumed(data.length);
      if (endsStream) answer(stream);
    },
    onTrailers: answer,
    onWritable() {},
    onClose(_, code) {
      if (code !== undefined) recorded.resets.push(code);
    },
    onReadEnd() {},
  };
}

/** A server that listens on a port of the loopback interface. */
export interface Served extends Recorded {
  port: number;
  server: H2Server;
  stop(): Promise<void>;
}

/** Starts one. `createHandler` takes the place of the echo. */
export async function serve(
  some: Partial<H2Limits> = {},
  createHandler?: () => H2Handler,
): Promise<Served> {
  const recorded: Recorded = { faults: [], bugs: [], requests: [], resets: [] };
  const server = createH2Server({
    limits: { ...roomyLimits, ...some },
    createHandler: createHandler ?? (() => echo(recorded)),
    onFault: fault => recorded.faults.push(fault),
    onBug: error => recorded.bugs.push(error),
    notHttp2: Buffer.from('not HTTP/2'),
  });
  const listener = createServer({ noDelay: true }, socket => server.accept(socket));
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const stop = async () => {
    listener.close();
    server.destroy();
    if (listener.listening) await once(listener, 'close');
  };
  return { ...recorded, port, server, stop };
}
