/**
 * The SDK's verdicts from memory, per second on one core, and what it sent for them: a process of its
 * own. Reads what to do as JSON, prints what came of it as JSON.
 */

import { json } from 'node:stream/consumers';
import { connectByGrpc } from '../../src/client/grpc-link.ts';
import { type Connect, createUsher } from '../../src/client/node.ts';
import { median } from '../row.ts';

/** Whom to ask, and about what. */
export interface SdkOrder {
  address: string;
  token: string;
}

/** What came of it. */
export interface SdkOutcome {
  verdicts: number;
  perSecond: number;
  /** Calls made, and messages sent on streams, while the verdicts were given. */
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

/** gRPC, with everything counted that is sent. */
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

/** Each a string of its own, as every request brings one: nothing of an earlier look is known of it. */
const fresh = () => Array.from({ length: headers }, () => Buffer.from(token).toString('latin1'));

const rates: number[] = [];
for (let round = 0; round < rounds; round++) {
  const asked = fresh();
  // A loop that never lets the network in would hear no heartbeat, and could believe nothing.
  await new Promise(resolve => setImmediate(resolve));
  const began = performance.now();
  for (const header of asked) {
    const verdict = await usher.verify(header);
    if (!verdict.valid) throw new Error(verdict.reason);
  }
  rates.push((headers / (performance.now() - began)) * 1000);
}
usher.close();
// The median: the first rounds are those in which the code is still being compiled.
const outcome: SdkOutcome = { verdicts: headers * rounds, perSecond: median(rates), sent };
process.stdout.write(JSON.stringify(outcome));
