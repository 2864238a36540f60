/**
 * A process that measures the SDK's cached verdicts per second on one core, and counts what the SDK
 * sends for them. It reads `SdkOrder` as JSON from stdin and prints `SdkOutcome` as JSON.
 */

import { json } from 'node:stream/consumers';
import { connectByGrpc } from '../../src/client/grpc-link.ts';
import { type Connect, createUsher } from '../../src/client/node.ts';
import { median } from '../row.ts';

/** The server, and the token to verify. */
export interface SdkOrder {
  /** Address of the gRPC listener, as "host:port". */
  address: string;
  token: string;
}

/** The outcome. */
export interface SdkOutcome {
  /** Number of verdicts. */
  verdicts: number;
  perSecond: number;
  /** Calls, and messages on streams, that the SDK sent during the verdicts. */
  sent: number;
}

const { address, token } = (await json(process.stdin)) as SdkOrder;
const headers = 200_000;
const rounds = 10;
let sent = 0;

async function* counted<T>(messages: AsyncIterable<T>): AsyncGenerator<T> {
  for await (const message of messages) {
    sent++;
    yield message;
  }
}

/** The gRPC transport, with a counter of everything that is sent. */
const connect: Connect = to => {
  const link = connectByGrpc(to);
  const { unary, stream } = link.transport;
  return {
    ...link,
    transport: {
      unary(...call) {
        sent++;
        return unary.apply(link.transport, call as Parameters<typeof unary>) as never;
      },
      stream(method, signal, timeoutMs, header, input, context) {
        return stream.call(
          link.transport,
          ...([method, signal, timeoutMs, header, counted(input), context] as Parameters<
            typeof stream
          >),
        ) as never;
      },
    },
  };
};

const usher = createUsher({ addresses: [address], transport: connect });
await usher.ready();
while (usher.cached(token) === undefined) await usher.verify(token);
if (sent === 0) throw new Error('nothing was counted');
sent = 0;

/** New string objects, as each request has one: V8 has not hashed them yet. */
const fresh = () => Array.from({ length: headers }, () => Buffer.from(token).toString('latin1'));

const rates: number[] = [];
for (let round = 0; round < rounds; round++) {
  const asked = fresh();
  // Lets the event loop read heartbeats: without them the SDK could not answer from its cache.
  await new Promise(resolve => setImmediate(resolve));
  const began = performance.now();
  for (const header of asked) {
    const verdict = await usher.verify(header);
    if (!verdict.valid) throw new Error(verdict.reason);
  }
  rates.push((headers / (performance.now() - began)) * 1000);
}
usher.close();
// The median, because the code is still being compiled in the first rounds.
const outcome: SdkOutcome = { verdicts: headers * rounds, perSecond: median(rates), sent };
process.stdout.write(JSON.stringify(outcome));
