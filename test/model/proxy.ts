/** A TCP proxy before Redis that can be cut, silent or slow, for all connections or for one use. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What a connection is used for; the feed names its connection in its first commands. */
type Use = 'feed' | 'other';

/** A running proxy. */
export interface TcpProxy {
  port: number;
  cut(use: Use): void;
  /** Holds all data back without closing (half-open), also on new connections. */
  silence(use: Use, isSilent: boolean): void;
  /** Delays all data, in milliseconds. */
  slow(delayMs: number): void;
  /** Leads new connections to another local port. */
  lead(upstreamPort: number): void;
  close(): Promise<void>;
}

interface Pair {
  use: Use;
  sides: [Socket, Socket];
}

/** Starts a proxy before a local port, on any free port unless one is given. */
export async function startProxy(firstUpstreamPort: number, port = 0): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  const silent = new Set<Use>();
  let delayMs = 0;
  let upstreamPort = firstUpstreamPort;

  const hold = ({ sides }: Pair, isHeld: boolean) => {
    for (const side of sides) isHeld ? side.pause() : side.resume();
  };
  const server = createServer(client => {
    const upstream = connect(upstreamPort, '127.0.0.1');
    const pair: Pair = { use: 'other', sides: [client, upstream] };
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    for (const [from, to] of [pair.sides, [...pair.sides].reverse() as [Socket, Socket]]) {
      from.setNoDelay(true);
      from.on('error', end);
      from.on('close', end);
      const queue: Buffer[] = [];
      from.on('data', (chunk: Buffer) => {
        if (from === client && chunk.includes('usher-feed')) pair.use = 'feed';
        // Each timer writes the oldest chunk, so that the order stays when the delay changes.
        queue.push(chunk);
        const write = () => to.write(queue.shift() ?? '');
        if (delayMs > 0 || queue.length > 1) setTimeout(write, Math.max(delayMs, 1));
        else write();
        if (silent.has(pair.use)) hold(pair, true);
      });
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const all = (use: Use) => [...pairs].filter(pair => pair.use === use);
  return {
    port: (server.address() as AddressInfo).port,
    cut(use) {
      for (const { sides } of all(use)) for (const side of sides) side.destroy();
    },
    silence(use, isSilent) {
      if (isSilent) silent.add(use);
      else silent.delete(use);
      for (const pair of all(use)) hold(pair, isSilent);
    },
    slow(ms) {
      delayMs = ms;
    },
    lead(to) {
      upstreamPort = to;
    },
    async close() {
      server.close();
      for (const { sides } of pairs) for (const side of sides) side.destroy();
      await once(server, 'close');
    },
  };
}
