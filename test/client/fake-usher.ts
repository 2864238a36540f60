/** Servers in memory that answer as a test says, and a client of them on a clock that the test moves. */

import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import { vi } from 'vitest';
import { createUsherOn, type Usher, type UsherLimits } from '../../src/client/usher.ts';
import {
  VerifierService,
  type VerifyRequest,
  VerifyResponseSchema,
  type WatchInvalidationsResponse,
  WatchInvalidationsResponseSchema,
} from '../../src/gen/usher/v1/verifier_pb.ts';

type Response = MessageInitShape<typeof VerifyResponseSchema>;
type WatchEvent = Exclude<
  MessageInitShape<typeof WatchInvalidationsResponseSchema>['event'],
  undefined
>;

/** A message of a watch; `heardMs` and `leaseMs` as the server measures them. */
interface Told {
  position: string;
  event?: WatchEvent;
  heardMs?: number;
  leaseMs?: number;
}

/** A watch that a client has open. */
export interface FakeWatch {
  resumePosition: string;
  /** Sends a message; resolves when the client has taken it in. */
  tell(message: Told): Promise<void>;
  end(): void;
  isOpen(): boolean;
}

/** A server at one address. */
export interface FakeServer {
  instance: string;
  /** What it answers; by default the header is the id of a good token. May wait, or throw. */
  answer(request: VerifyRequest): Response | Promise<Response>;
  /** Headers it was asked about, a list for each message. */
  messages: string[][];
  watches: FakeWatch[];
  /** Refuses new watches and questions, as one that is down. */
  down: boolean;
}

/** A good token whose id is the header. */
export const good = ({ header }: VerifyRequest): Response => ({
  valid: true,
  httpStatus: 200,
  tokenId: header,
  scopes: ['orders.read'],
  revision: 1n,
});

/** Makes a server. */
function fakeServer(instance: string): FakeServer {
  return { instance, answer: good, messages: [], watches: [], down: false };
}

const unavailable = () => new ConnectError('down', Code.Unavailable);

function watchMessage({ position, event, heardMs, leaseMs }: Told) {
  const message = create(WatchInvalidationsResponseSchema, { position });
  if (event !== undefined)
    message.event = create(WatchInvalidationsResponseSchema, { event }).event;
  if (heardMs !== undefined) message.heard = durationFromMs(heardMs);
  if (leaseMs !== undefined) message.lease = durationFromMs(leaseMs);
  return message;
}

function transportOf(server: FakeServer) {
  return createRouterTransport(({ service }) => {
    service(VerifierService, {
      async batchVerify({ requests }) {
        if (server.down) throw unavailable();
        server.messages.push(requests.map(({ header }) => header));
        const responses = await Promise.all(requests.map(request => server.answer(request)));
        return { responses, instance: server.instance };
      },
      async *streamVerify(messages) {
        if (server.down) throw unavailable();
        for await (const { items } of messages) {
          server.messages.push(items.map(({ request }) => request?.header ?? ''));
          const answered = items.map(async ({ id, request }) => {
            const response = create(
              VerifyResponseSchema,
              await server.answer(request as VerifyRequest),
            );
            return { id, outcome: { case: 'response' as const, value: response } };
          });
          yield { items: await Promise.all(answered), instance: server.instance };
        }
      },
      async *watchInvalidations({ resumePosition }, { signal }) {
        if (server.down) throw unavailable();
        const queue: { message: WatchInvalidationsResponse; taken(): void }[] = [];
        let open = true;
        let wake = () => {};
        const end = () => {
          open = false;
          wake();
        };
        signal.addEventListener('abort', end);
        server.watches.push({
          resumePosition,
          tell: told =>
            new Promise(taken => {
              queue.push({ message: watchMessage(told), taken });
              wake();
            }),
          end,
          isOpen: () => open,
        });
        while (open || queue.length > 0) {
          const next = queue.shift();
          if (next) {
            yield next.message;
            // Only when it wants the next one has it dealt with this one.
            setImmediate(next.taken);
          } else {
            await new Promise<void>(resolve => {
              wake = resolve;
            });
          }
        }
        throw unavailable();
      },
    });
  });
}

/** A client of servers. */
export interface FakeWorld {
  usher: Usher;
  servers: FakeServer[];
  clock: { ms: number };
  /** The watch that is open on a server, from when there is one. */
  watch(server?: number): Promise<FakeWatch>;
  /** Begins the watch on a server: reset, a lease of 2 s, all heard until now. */
  begin(server?: number): Promise<FakeWatch>;
}

/** Connects a client to servers. */
export function fakeWorld(
  limits: UsherLimits & { streams?: boolean; servers?: number } = {},
): FakeWorld {
  const { streams = true, servers: count = 1, ...options } = limits;
  const clock = { ms: 50_000 };
  const servers = Array.from({ length: count }, (_, at) => fakeServer(`instance-${at}`));
  const usher = createUsherOn({
    backoff: { firstMs: 1, mostMs: 2 },
    ...options,
    addresses: servers.map((_, at) => String(at)),
    connect: address => ({
      transport: transportOf(servers[Number(address)] as FakeServer),
      streams,
    }),
    clock: () => clock.ms,
    random: () => 0.5,
  });
  const watch = (at = 0) =>
    soon(() => {
      const open = servers[at]?.watches.find(each => each.isOpen());
      if (open === undefined) throw new Error('no watch is open');
      return open;
    });
  return {
    usher,
    servers,
    clock,
    watch,
    async begin(at = 0) {
      const opened = await watch(at);
      const position = `${servers[at]?.instance}:0`;
      await opened.tell({
        event: { case: 'reset', value: {} },
        position,
        heardMs: 0,
        leaseMs: 2000,
      });
      return opened;
    },
  };
}

/** What a function gives once it does not throw. */
export function soon<T>(look: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(look, { interval: 1, timeout: 5000 });
}
