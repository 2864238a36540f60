/**
 * A process that verifies tokens without pause, by SDK clients and by direct calls to each server,
 * and records when each token was last called valid. Its times are of CLOCK_MONOTONIC, which is the
 * same in all processes of a machine.
 */

import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { createUsher } from '../../src/client/node.ts';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';

/** The messages to this process. */
export type Told =
  /** Start clients, each with another address first; `direct` adds calls to each address. */
  | { what: 'start'; addresses: string[]; clients: number; direct: boolean }
  /** Verify this token from now on. */
  | { what: 'watch'; id: number; header: string }
  /** Stop verifying it; the answer is "dropped". */
  | { what: 'drop'; id: number }
  /** Verify these once by every caller; the answer is "checked". */
  | { what: 'check'; headers: string[] };

/** The messages from this process. */
export type Telling =
  | { what: 'ready' }
  /** Every caller has called this token valid by now. */
  | { what: 'seen'; id: number }
  /** When the last verification with a valid verdict started, in milliseconds. */
  | { what: 'dropped'; id: number; lastValidMs: number }
  /** The number of valid verdicts of the check, and of all verdicts since the start. */
  | { what: 'checked'; valid: number; verdicts: number };

/** Verifies headers: whether each is valid now. Rejects when there is no verdict. */
type Caller = (headers: string[]) => Promise<boolean[]>;

interface Watched {
  header: string;
  lastValidMs: number;
  /** The callers that have called it valid. */
  callers: Set<Caller>;
}

/** Headers in one batch, fewer than the limit of the server. */
const batchMax = 200;
const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6;
const watched = new Map<number, Watched>();
const callers: Caller[] = [];
let verdicts = 0;

process.on('message', async (told: Told) => {
  if (told.what === 'start') {
    await start(told);
    tell({ what: 'ready' });
  } else if (told.what === 'watch') {
    watched.set(told.id, { header: told.header, lastValidMs: 0, callers: new Set() });
  } else if (told.what === 'drop') {
    const { lastValidMs } = watched.get(told.id) as Watched;
    watched.delete(told.id);
    tell({ what: 'dropped', id: told.id, lastValidMs });
  } else {
    let valid = 0;
    for (let at = 0; at < told.headers.length; at += batchMax) {
      const some = told.headers.slice(at, at + batchMax);
      const all = await Promise.all(callers.map(caller => caller(some)));
      valid += all.flat().filter(Boolean).length;
    }
    tell({ what: 'checked', valid, verdicts });
  }
});
process.on('disconnect', () => process.exit(0));

function tell(telling: Telling): void {
  process.send?.(telling);
}

async function start({ addresses, clients, direct }: Told & { what: 'start' }): Promise<void> {
  for (let n = 0; n < clients; n++) {
    const turned = addresses.map((_, at) => addresses[(at + n) % addresses.length] as string);
    const usher = createUsher({ addresses: turned });
    await usher.ready();
    callers.push(headers =>
      Promise.all(headers.map(async header => (await usher.verify(header)).valid)),
    );
  }
  for (const address of direct ? addresses : []) {
    const transport = createGrpcTransport({ baseUrl: `http://${address}` });
    const { batchVerify } = createClient(VerifierService, transport);
    callers.push(async headers => {
      const requests = headers.map(header => ({ header }));
      const { responses } = await batchVerify({ requests }, { timeoutMs: 1000 });
      return responses.map(({ valid }) => valid);
    });
  }
  for (const caller of callers) void verifyForEver(caller);
}

/** One round about every millisecond, so that other processes on the same cores get CPU time. */
async function verifyForEver(caller: Caller): Promise<void> {
  for (;;) {
    await new Promise(resolve => setTimeout(resolve, 1));
    const tokens = [...watched];
    if (tokens.length === 0) continue;
    const startedMs = monotonicMs();
    const valid = await caller(tokens.map(([, { header }]) => header)).catch(() => []);
    verdicts += valid.length;
    for (const [n, [id, token]] of tokens.entries()) {
      if (valid[n] !== true) continue;
      token.lastValidMs = Math.max(token.lastValidMs, startedMs);
      if (token.callers.size === callers.length) continue;
      token.callers.add(caller);
      if (token.callers.size === callers.length) tell({ what: 'seen', id });
    }
  }
}
