/** The server, as a list of its parts: rooms, services, listeners. */

import type { AddressInfo } from 'node:net';
import type { Config } from './config.ts';
import type { ServerSecrets } from './first-start.ts';
import { AccessTokenService } from './gen/usher/v1/access_token_pb.ts';
import { VerifierService } from './gen/usher/v1/verifier_pb.ts';
import { addressText } from './listen-address.ts';
import type { Logger } from './log.ts';
import { createMetrics } from './metrics.ts';
import { openRooms } from './rooms.ts';
import type { Listen } from './setting-values.ts';
import { createNoteRefusal } from './tokens/refusals.ts';
import { accessTokenHandlers } from './transport/access-token.ts';
import { createCallerOf, withRefusalsNoted } from './transport/caller-of.ts';
import { clientAddress, trustsRanges } from './transport/client-address.ts';
import { createConnectDoor } from './transport/connect.ts';
import { doorRoutes, envoyBinding } from './transport/doors.ts';
import { createGrpcListener } from './transport/grpc.ts';
import { defaultGrpcLimits } from './transport/grpc-limits.ts';
import { bind } from './transport/handlers.ts';
import { createHttpListener } from './transport/http.ts';
import { defaultHttpLimits } from './transport/http-limits.ts';
import type { Listener } from './transport/listener.ts';
import { metricsRoute } from './transport/metrics-route.ts';
import { probeRoutes } from './transport/probes.ts';
import { rootRoute } from './transport/root.ts';
import { type OnVerdict, verifierHandlers } from './transport/verifier.ts';

/** Refused calls of the API that the audit log takes a minute. */
const refusalsPerMinuteMax = 600;
/** Messages of one stream that are worked on at once. */
const streamMessagesAtOnceMax = 16;

/** A server that runs. */
export interface RunningServer {
  /** Where it listens, as "host:port"; a listener that is off is absent. */
  addresses: { grpc?: string; http?: string; manager?: string };
  /** Finishes what is under way, within the grace, and ends. */
  stop(): Promise<void>;
}

/** Starts the server. Rejects when an address or the data folder cannot be used. */
export async function startServer(
  config: Config,
  secrets: ServerSecrets,
  log: Logger,
  now: () => number = Date.now,
): Promise<RunningServer> {
  const rooms = await openRooms(config, secrets, log, now);
  const { store, verify, authenticate } = rooms;
  const metrics = createMetrics();

  const onBug = (error: unknown, requestId: string) => {
    metrics.bug();
    log.error({ error, requestId }, 'internal error');
  };
  const onVerdict: OnVerdict = (verdict, door) => {
    metrics.verdict(verdict, door);
    if (verdict.valid) rooms.usage.note(verdict.identity.tokenId);
  };
  const noteRefusal = createNoteRefusal(rooms.audit, now, refusalsPerMinuteMax);
  const noted = (binding: ReturnType<typeof bind>, methods?: readonly string[]) =>
    withRefusalsNoted(
      binding,
      noteRefusal,
      error => log.error({ error }, 'a refused call could not be noted'),
      methods,
    );

  const callerOf = createCallerOf(authenticate);
  const verifier = bind(
    VerifierService,
    verifierHandlers({
      verify,
      issueJwt: rooms.issueJwt,
      authenticate: callerOf,
      now,
      batchMax: config.batchMax,
      streamMessagesAtOnceMax,
      onVerdict,
    }),
  );
  const accessTokens = bind(
    AccessTokenService,
    accessTokenHandlers({ ...rooms, authenticate: callerOf, now }),
  );

  const shared = {
    connectionsMax: config.connectionsMax,
    receiveBytesMax: config.messageBytesMax,
    deadlineMs: config.deadlineMs,
    deadlineMsMax: config.deadlineMsMax,
  };
  const httpLimits = { ...defaultHttpLimits, ...shared, headersMs: config.firstByteMs };
  const grpcLimits = {
    ...defaultGrpcLimits,
    ...shared,
    prefaceMs: config.firstByteMs,
    streamsPerConnectionMax: config.streamsMax,
  };
  let stopping = false;
  const unreadiness = () => [
    ...(stopping ? ['the server is stopping'] : []),
    ...(store.health.up ? [] : ['the store does not answer']),
  ];
  const probes = probeRoutes({ unreadiness });

  const grpc = createGrpcListener({
    bindings: [noted(verifier, ['issueJwt']), envoyBinding({ verify, onVerdict })],
    limits: grpcLimits,
    onBug,
  });
  const connect = createConnectDoor({
    bindings: [noted(verifier, ['issueJwt'])],
    limits: httpLimits,
    onBug,
    cors: true,
    requireProtocolHeader: false,
  });
  const trusts = trustsRanges(
    config.trustedProxies.map(([first, bits]) => [first.toString(), bits] as const),
  );
  const doors = doorRoutes({
    ...rooms,
    onVerdict,
    addressOf: req => clientAddress(req, trusts),
  });
  const http = createHttpListener({
    routes: [rootRoute({ verify, now, onVerdict }), ...probes, ...doors, ...connect.routes],
    limits: httpLimits,
    corsOrigins: config.corsOrigins,
    onBug,
    onStop: connect.endStreams,
  });
  const managerDoor = createConnectDoor({
    bindings: [noted(accessTokens), noted(verifier, ['issueJwt'])],
    limits: httpLimits,
    onBug,
    door: 'manager',
    cors: false,
    requireProtocolHeader: false,
  });
  const manager = createHttpListener({
    routes: [...probes, metricsRoute(metrics), ...managerDoor.routes],
    limits: httpLimits,
    corsOrigins: [],
    onBug,
    onStop: managerDoor.endStreams,
  });

  const follow = (up: boolean) => {
    metrics.storeUp(up);
    grpc.setServing(up && !stopping);
    log[up ? 'info' : 'error']({ up }, up ? 'the store answers' : 'the store does not answer');
  };
  metrics.storeUp(store.health.up);
  grpc.setServing(store.health.up);
  const unfollow = store.health.onChange(follow);

  const open: Listener[] = [];
  const listen = async (listener: Listener, where: Listen): Promise<AddressInfo | undefined> => {
    if (where === 'off') return undefined;
    open.push(listener);
    return await listener.listen(where);
  };
  const stop = async () => {
    stopping = true;
    grpc.setServing(false);
    await Promise.all(open.map(listener => listener.stop(config.graceMs)));
    unfollow();
    await rooms.close();
  };
  try {
    const addresses: RunningServer['addresses'] = {};
    const bound = {
      grpc: await listen(grpc, config.grpcListen),
      http: await listen(http, config.httpListen),
      manager: await listen(manager, config.managerListen),
    };
    for (const name of ['grpc', 'http', 'manager'] as const) {
      const info = bound[name];
      if (info !== undefined) addresses[name] = addressText(info);
    }
    return { addresses, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
