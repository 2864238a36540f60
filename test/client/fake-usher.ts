/** In-memory servers with scripted answers, and a client of them whose clock the test controls. */

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

/** A message of a watch; `heardMs` and `leaseMs` are on the server's clock. */
interface SentMessage {
  position: string;
  event?: WatchEvent;
  heardMs?: number;
  leaseMs?: number;
}

/** A watch that a client has open. */
export interface FakeWatch {
  resumePosition: string;
  /** Sends a message; resolves when the client has processed it. */
  tell(message: SentMessage): Promise<void>;
  end(): void;
  isOpen(): boolean;
}

/** A server at one address. */
export interface FakeServer {
  instance: string;
  /** The answer to a request; by default the header is the id of a valid token. May wait or throw. */
  answer(request: VerifyRequest): Response | Promise<Response>;
  /** The headers that it received, a list for each message. */
  messages: string[][];
  watches: FakeWatch[];
  /** Fails new watches and requests with UNAVAILABLE. */
  down: boolean;
}

/** The verdict on a valid token whose id is the header. */
export const good = ({ header }: VerifyRequest): Response => ({
  valid: true,
  httpStatus: 200,
  tokenId: header,
  scopes: ['orders.read'],
  revision: 1n,
});

/** Creates a server. */
function fakeServer(instance: string): FakeServer {
  return { instance, answer: good, messages: [], watches: [], down: false };
}

const unavailable = () => new ConnectError('down', Code.Unavailable);

function watchMessage({ position, event, heardMs, leaseMs }: SentMessage) {
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
            // The client asks for the next message only after it has processed this one.
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
  /** Waits for an open watch on a server, and returns it. */
  watch(server?: number): Promise<FakeWatch>;
  /** Begins the watch on a server: a reset, a lease of 2 s, a feed that is up to date. */
  begin(server?: number): Promise<FakeWatch>;
}

/** Creates servers and a client that uses them. */
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

/** Calls a function until it does not throw, and returns its result. */
export function soon<T>(look: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(look, { interval: 1, timeout: 5000 });
}
