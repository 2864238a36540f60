/** Serves the rpcs over Connect and gRPC-Web on HTTP/1.1, by binding handlers to connect-node. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DescMethod, MessageShape } from '@bufbuild/protobuf';
import {
  type ConnectRouterOptions,
  createConnectRouter,
  createContextKey,
  createContextValues,
  type HandlerContext,
  type ServiceImpl,
} from '@connectrpc/connect';
import {
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from '@connectrpc/connect-node';
import { answerError } from '../http/answer.ts';
import type { HttpLimits } from '../http/limits.ts';
import type { Route } from '../http/router.ts';
import type { Call, Door } from '../rpc/call.ts';
import { failureOf, type OnBug } from '../rpc/failure.ts';
import { ownGuard } from '../rpc/guard.ts';
import type { Binding, ServerStreaming, Unary } from '../rpc/handlers.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import { countedBody } from './counted-body.ts';
import { connectError, malformedError } from './error.ts';
import { shallow, shallowBody } from './json-depth.ts';
import { clampTimeout } from './timeout.ts';
import { type ConnectGuard, createConnectUnary } from './unary.ts';

/** What serving rpcs over HTTP needs. */
export interface ConnectDeps {
  /** The services to serve. */
  bindings: readonly Binding[];
  limits: HttpLimits;
  /** Called with each unexpected error. */
  onBug: OnBug;
  /** The name in metrics, when it is not the protocol's. */
  door?: Door;
  /** Whether pages of other origins may call. */
  cors: boolean;
  /**
   * Whether Connect calls must carry Connect-Protocol-Version. A browser sends it across origins
   * only after a preflight, which protects listeners that accept cookies from cross-site requests.
   */
  requireProtocolHeader: boolean;
  /** Shared with other listeners; absent where there are none. */
  guard?: ConnectGuard;
}

/** The routes of the rpcs, for an HTTP listener. */
export interface ConnectDoor {
  /** One route per rpc. */
  routes: Route[];
  /** Ends open streams when the server stops. */
  endStreams(): void;
}

type Handler = ReturnType<typeof createConnectRouter>['handlers'][number];

/** Binds the services to connect-node. */
export function createConnectDoor(deps: ConnectDeps): ConnectDoor {
  const stopping = new AbortController();
  const router = createConnectRouter(routerOptions(deps));
  const guard = deps.guard ?? ownGuard(deps.limits);
  const take = createConnectUnary({ ...deps, guard, door: deps.door ?? 'connect' });
  const plains = new Map<DescMethod, Unary<DescMethod>>();
  for (const { service, handlers } of deps.bindings) {
    const bound = service.methods.map(method => {
      const handler = handlers[method.localName];
      if (method.methodKind === 'unary') plains.set(method, handler as Unary<DescMethod>);
      return [method.localName, boundHandler(method, handler, deps, stopping.signal)] as const;
    });
    router.service(service, Object.fromEntries(bound) as unknown as ServiceImpl<typeof service>);
  }
  return {
    routes: router.handlers.map(handler => ({
      path: handler.requestPath,
      methods: ['POST'],
      cors: deps.cors,
      handle(req, res) {
        const plain = plains.get(handler.method);
        if (plain === undefined || !take(handler.method, plain, req, res)) {
          return serve(handler, req, res, { ...deps, guard });
        }
      },
    })),
    endStreams: () => stopping.abort(),
  };
}

/** Every option of connect that limits something. */
function routerOptions({ limits, requireProtocolHeader }: ConnectDeps): ConnectRouterOptions {
  return {
    connect: true,
    grpcWeb: true,
    // gRPC has its own listener.
    grpc: false,
    // Requests may be compressed. Responses never are: they are short, and compressing secrets
    // reveals their content through the length (BREACH).
    acceptCompression: [shallow(compressionGzip)],
    compressMinBytes: limits.sendBytesMax,
    readMaxBytes: limits.receiveBytesMax,
    writeMaxBytes: limits.sendBytesMax,
    // clampTimeout has cut longer ones.
    maxTimeoutMs: Number.MAX_SAFE_INTEGER,
    requireConnectProtocolHeader: requireProtocolHeader,
    jsonOptions: { ignoreUnknownFields: true },
  };
}

const peerKey = createContextKey('');

async function serve(
  handler: Handler,
  req: IncomingMessage,
  res: ServerResponse,
  { limits, onBug, guard }: ConnectDeps & { guard: ConnectGuard },
): Promise<void> {
  clampTimeout(req.headers, handler.method.methodKind === 'unary', limits);
  res.setHeader('Cache-Control', 'no-store');
  const context = createContextValues().set(peerKey, req.socket.remoteAddress ?? '');
  const request = universalRequestFromNodeRequest(req, res, undefined, context);
  const counted = countedBody(request.body as AsyncIterable<Uint8Array>, res, guard);
  const answer = await handler({ ...request, body: checkedBody(req, counted, limits) });
  if (answer.body === undefined && answer.status >= 400) {
    const headers = Object.fromEntries(answer.header ?? []);
    return answerError(res, answer.status, refusalOf(answer.status), headers);
  }
  const corrected = await correctMalformed(answer, handler.method);
  // Not awaited: its promise stays pending on success, and rejects when the caller disconnects.
  universalResponseToNodeResponse(corrected, res).catch(error => {
    if (!res.destroyed) failureOf(error, onBug);
    res.destroy();
  });
}

type Body = AsyncIterable<Uint8Array>;

/** The body, checked for its depth where it is JSON that nothing unpacks first. */
function checkedBody({ headers }: IncomingMessage, body: Body, limits: HttpLimits): Body {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = headers;
  if (!/json/i.test(type) || encoding !== 'identity') return body;
  const isStream = /^application\/(connect|grpc)/i.test(type);
  return shallowBody(body, isStream, limits.receiveBytesMax);
}

function refusalOf(status: number): string {
  if (status === 415) return 'content type is not one of Connect or gRPC-Web';
  if (status === 505) return 'a stream in both directions needs HTTP/2: use gRPC';
  return 'request is not one of Connect or gRPC-Web';
}

type Answer = Awaited<ReturnType<Handler>>;

/** Turns connect's INTERNAL for undecodable request bytes into INVALID_ARGUMENT. */
async function correctMalformed(answer: Answer, method: DescMethod): Promise<Answer> {
  if (answer.status !== 500 || !answer.body) return answer;
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const error: unknown = JSON.parse(bytes.toString());
  if (!(error as { message?: string }).message?.startsWith('parse binary: ')) {
    return { ...answer, body: bodyOf(bytes) };
  }
  const { rawMessage: message } = malformedError(method.input.typeName);
  const corrected = Buffer.from(JSON.stringify({ code: 'invalid_argument', message }));
  const header = new Headers(answer.header);
  header.set('Content-Length', String(corrected.length));
  return { ...answer, status: 400, header, body: bodyOf(corrected) };
}

async function* bodyOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Adapts a handler to connect. */
function boundHandler(
  method: DescMethod,
  handler: unknown,
  deps: ConnectDeps,
  stopping: AbortSignal,
) {
  const fail = (thrown: unknown) => connectError(thrown, deps.onBug);
  switch (method.methodKind) {
    case 'unary': {
      const answer = handler as Unary<DescMethod>;
      return async (request: Message, context: HandlerContext) => {
        try {
          const result = answer(request, callOf(context, deps.door));
          return await unlessAborted(Promise.resolve(result), context.signal);
        } catch (error) {
          throw fail(error);
        }
      };
    }
    case 'server_streaming': {
      const answers = handler as ServerStreaming<DescMethod>;
      return async function* (request: Message, context: HandlerContext) {
        const signal = AbortSignal.any([context.signal, stopping]);
        try {
          const call = { ...callOf(context, deps.door), signal };
          yield* until(answers(request, call), stopping);
        } catch (error) {
          throw fail(error);
        }
      };
    }
    default:
      // Connect rejects these over HTTP/1.1 before it calls a handler.
      return () => {
        throw fail(new RpcError('UNIMPLEMENTED', refusalOf(505)));
      };
  }
}

type Message = MessageShape<DescMethod['input']>;

/** The result; rejects with the signal's reason if that aborts first. */
function unlessAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  result.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  return promise;
}

/** Passes a stream on until the server stops, then throws UNAVAILABLE. */
async function* until<T>(answers: AsyncIterable<T>, stopping: AbortSignal): AsyncGenerator<T> {
  for await (const answer of answers) {
    if (stopping.aborted) break;
    yield answer;
  }
  if (stopping.aborted) {
    throw new RpcError('UNAVAILABLE', 'the server is shutting down; call again');
  }
}

function callOf(context: HandlerContext, door: Door | undefined): Call {
  const { requestHeader, protocolName, signal } = context;
  return {
    door: door ?? (protocolName === 'grpc-web' ? 'grpc-web' : 'connect'),
    header(name) {
      const value = requestHeader.get(name);
      return value === null ? [] : [value];
    },
    peer: context.values.get(peerKey),
    signal,
  };
}
