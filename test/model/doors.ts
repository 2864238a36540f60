/** The doors of running servers, each as a function from a header to an outcome. */

import type { Client as GrpcClient } from '@grpc/grpc-js';
import { createUsher } from '../../src/client/node.ts';
import {
  Reason,
  VerifierService,
  type VerifyResponse,
} from '../../src/gen/usher/v1/verifier_pb.ts';
import { clientOf as connectClientOf } from '../server/api.ts';
import { clientOf, unary } from '../transport/grpc/client.ts';
import type { Verification } from './oracle.ts';

/** Asks a door about a header; throws when there is no answer. */
type Ask = (header: string) => Promise<Verification['outcome']>;

/** A door, and how to close what it holds. */
export interface Door {
  name: string;
  ask: Ask;
  close(): void;
}

/** The addresses of a server, as "host:port". */
export interface Listeners {
  grpc: string;
  http: string;
}

/** Timeout of a question, in milliseconds: longer than any fault lasts. */
const patienceMs = 8000;

/** The doors of one server. */
export function doorsOf(name: string, { grpc, http }: Listeners): Door[] {
  const client: GrpcClient = clientOf(Number(grpc.split(':')[1]));
  const connect = connectClientOf(VerifierService, http, '');
  const { verify } = VerifierService.method;
  const nothing = () => undefined;
  const byStatus = (path: string) => async (header: string) => {
    const answer = await fetch(`http://${http}${path}`, {
      headers: { authorization: header },
      signal: AbortSignal.timeout(patienceMs),
    });
    return outcomeOfStatus(answer.status, await answer.text());
  };
  return [
    {
      name: `${name} grpc`,
      ask: async header =>
        outcomeOf(
          await unary(client, verify, { header }, {}, { deadline: Date.now() + patienceMs }),
        ),
      close: () => client.close(),
    },
    {
      name: `${name} connect`,
      ask: async header => outcomeOf(await connect.verify({ header }, { timeoutMs: patienceMs })),
      close: nothing,
    },
    { name: `${name} root`, ask: byStatus('/'), close: nothing },
    { name: `${name} forward-auth`, ask: byStatus('/forward-auth'), close: nothing },
  ];
}

/** The SDK with several servers; it caches verdicts. */
export function sdkDoor(
  name: string,
  transport: 'grpc' | 'connect',
  servers: readonly Listeners[],
): Door {
  const addresses = servers.map(({ grpc, http }) => (transport === 'grpc' ? grpc : http));
  const usher = createUsher({ addresses, transport, deadlineMs: 2000 });
  return {
    name: `sdk ${transport} ${name}`,
    async ask(header) {
      const verdict = await usher.verify(header);
      const { valid, stale } = verdict;
      return valid ? { valid, stale } : { valid, stale, reason: verdict.reason };
    },
    close: usher.close,
  };
}

const reasonNames = new Map<number, string>(
  Object.entries(Reason).map(([name, code]) => [code, name]),
);

function outcomeOf({ valid, stale, reason }: VerifyResponse): Verification['outcome'] {
  return valid ? { valid, stale } : { valid, stale, reason: reasonNames.get(reason) ?? '' };
}

const textReasons: Record<string, string> = {
  'token has been revoked': 'REVOKED',
  'token is not valid': 'INVALID_TOKEN',
};

function outcomeOfStatus(status: number, text: string): Verification['outcome'] {
  if (status === 200) return { valid: true, stale: false };
  if (status === 503) throw new Error('unavailable');
  const [, said = text] = /"error":"([^"]*)"/.exec(text) ?? [];
  return { valid: false, stale: false, reason: textReasons[said] ?? `${status} ${said}` };
}
