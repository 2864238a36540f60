/** A service in the model that embeds the SDK: its calls reach the replicas over simulated connections. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import { createClock } from '../../src/caching/clock.ts';
import type { Connect } from '../../src/client/links.ts';
import { createUsherOn, type Usher } from '../../src/client/usher.ts';
import {
  type BatchVerifyRequestSchema,
  VerifierService,
  type VerifyRequest,
  type WatchInvalidationsResponse,
} from '../../src/gen/usher/v1/verifier_pb.ts';
import { Unavailable } from '../../src/store/store.ts';
import { anyone } from '../../src/tokens/verify-callers.ts';
import { verifyResponse } from '../../src/transport/services/verify-response.ts';
import { openPipe, type Pipe } from './pipe.ts';
import type { Random } from './random.ts';
import type { Replica } from './replica.ts';
import type { Actor, World } from './world.ts';

/** A service with the SDK. */
export interface Service {
  actor: Actor;
  usher: Usher;
  /** Its current connection to each replica. */
  links: { pipe: Pipe; cut(): void }[];
  wall: { offsetMs: number };
  /** Number of steps of its wall clock. */
  steps: number;
}

interface Place {
  world: World;
  random: Random;
  actor: Actor;
}

const delayOf = (random: Random) => () =>
  random.chance(0.9) ? random.between(0.1, 2) : random.between(2, 40);

/** Starts a service; must be called in its process. */
export function startService(place: Place, replicas: readonly Replica[]): Service {
  const { world, random, actor } = place;
  const wall = { offsetMs: 0 };
  const links = replicas.map(replica => connectTo(replica, place));
  const connect: Connect = address => {
    const link = links[Number(address)] as ReturnType<typeof connectTo>;
    return { transport: link.transport, streams: false, reset: link.cut };
  };
  const first = Math.floor(random.next() * replicas.length);
  const addresses = replicas.map((_, at) => String((first + at) % replicas.length));
  const usher = createUsherOn({
    ...{ addresses, connect, cacheEntriesMax: 20, random: random.next },
    clock: createClock(world.now, () => 1e9 + world.now() + wall.offsetMs),
  });
  return { actor, usher, links, wall, steps: 1 };
}

/** A connection that is opened again after each break, and the calls over it. */
function connectTo(replica: Replica, { world, random, actor }: Place) {
  const there = replica.network.actor;
  const calls = new Set<(error: ConnectError) => void>();
  const open = () => {
    const lane = `${actor.name}-${there.name}-${Math.floor(random.next() * 1e6)}`;
    return openPipe(
      world,
      {
        up: arrived => void world.later(0, there, lane, arrived),
        down: arrived => void world.later(0, actor, lane, arrived),
      },
      delayOf(random),
    );
  };
  const link = {
    pipe: open(),
    cut() {
      link.pipe.end();
      link.pipe = open();
      const broken = new ConnectError('the connection broke', Code.Unavailable);
      for (const fail of [...calls]) world.later(1, actor, 'cut', () => fail(broken));
    },
    transport: undefined as unknown as Transport,
  };

  const unary = (request: MessageInitShape<typeof BatchVerifyRequestSchema>, timeoutMs: number) =>
    new Promise<unknown>((resolve, reject) => {
      const { pipe } = link;
      const done = () => {
        calls.delete(fail);
        clearTimeout(timer);
      };
      const fail = (error: ConnectError) => {
        done();
        reject(error);
      };
      const late = new ConnectError('too late', Code.DeadlineExceeded);
      const timer = setTimeout(() => fail(late), timeoutMs);
      calls.add(fail);
      pipe.up(() => {
        const requests = (request.requests ?? []) as VerifyRequest[];
        Promise.all(requests.map(async each => verifyResponse(await replica.verify(each)))).then(
          responses =>
            pipe.down(() => {
              done();
              resolve({ responses, instance: replica.changes.instance });
            }),
          error => {
            if (!(error instanceof Unavailable)) throw error;
            pipe.down(() => fail(new ConnectError('unavailable', Code.Unavailable)));
          },
        );
      });
    });

  async function* watch(resumePosition: string, signal: AbortSignal) {
    const { pipe } = link;
    const queue: (WatchInvalidationsResponse | ConnectError)[] = [];
    let wake = () => {};
    const push = (message: WatchInvalidationsResponse | ConnectError) => {
      queue.push(message);
      wake();
    };
    const closing = new AbortController();
    const abort = () => {
      push(new ConnectError('aborted', Code.Canceled));
      pipe.up(() => closing.abort());
    };
    calls.add(push);
    signal.addEventListener('abort', abort);
    pipe.up(() => {
      const { signal } = closing;
      const admitted = () => anyone;
      const told = replica.watch({ resumePosition, signal, caller: anyone, admitted });
      const tell = async () => {
        for await (const message of told) {
          if (!pipe.isOpen()) return;
          pipe.down(() => push(message));
        }
      };
      void tell();
    });
    try {
      for (;;) {
        const message = queue.shift();
        if (message instanceof ConnectError) throw message;
        if (message !== undefined) yield message;
        else {
          await new Promise<void>(resolve => {
            wake = resolve;
          });
        }
      }
    } finally {
      calls.delete(push);
      signal.removeEventListener('abort', abort);
    }
  }

  const about = { service: VerifierService, header: new Headers(), trailer: new Headers() };
  link.transport = {
    async unary(method, _signal, timeoutMs, _header, input) {
      const message = await unary(input as object, timeoutMs ?? 1000);
      return { ...about, stream: false, method, message } as never;
    },
    async stream(method, signal, _timeoutMs, _header, input) {
      const { value } = await input[Symbol.asyncIterator]().next();
      const { resumePosition = '' } = value as { resumePosition?: string };
      const ended = signal ?? new AbortController().signal;
      return { ...about, stream: true, method, message: watch(resumePosition, ended) } as never;
    },
  };
  return link;
}
