/** Serves the rpcs over Connect and gRPC-Web, by binding handlers to connect-node. */

import type { DescMethod } from '@bufbuild/protobuf';
import {
  Code,
  ConnectError,
  type ConnectRouterOptions,
  createConnectRouter,
  createContextValues,
} from '@connectrpc/connect';
import { compressionGzip } from '@connectrpc/connect-node';
import { queryFault } from '../../reading/query.ts';
import { answerError, headersOf } from '../http/answer.ts';
import type { HttpLimits } from '../http/limits.ts';
import { HttpMarks } from '../http/marks.ts';
import { clientNamesOf, type HttpRequest, type HttpResponse } from '../http/message.ts';
import type { Route } from '../http/router.ts';
import type { Door } from '../rpc/call.ts';
import { failureOf, type OnBug } from '../rpc/failure.ts';
import { ownGuard } from '../rpc/guard.ts';
import type { Binding, Unary } from '../rpc/handlers.ts';
import type { RpcError } from '../rpc/rpc-error.ts';
import { unpack } from '../rpc/unpack.ts';
import {
  boundHandler,
  clientNamesKey,
  marksKey,
  needsHttp2Text,
  peerKey,
  takenKey,
} from './bound-handler.ts';
import { countedBody } from './counted-body.ts';
import { challengesOf, connectErrorAnswer, malformedError } from './error.ts';
import { jsonOptions } from './json.ts';
import { checkedBody, checkedCompression, checkedStream } from './json-body.ts';
import { clampTimeout } from './timeout.ts';
import { type ConnectGuard, createConnectUnary } from './unary.ts';
import { sendUniversal, universalRequest } from './universal.ts';

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
type Compression = typeof compressionGzip;

/** Binds the services to connect-node. */
export function createConnectDoor(deps: ConnectDeps): ConnectDoor {
  const stopping = new AbortController();
  const guard = deps.guard ?? ownGuard(deps.limits);
  const take = createConnectUnary({ ...deps, guard, door: deps.door ?? 'connect' });
  const routes = deps.bindings.flatMap(({ service, handlers }) =>
    service.methods.map((method): Route => {
      const handler = handlers[method.localName];
      const plain = method.methodKind === 'unary' ? (handler as Unary<DescMethod>) : undefined;
      const binary = connectHandler(method, handler, deps, stopping.signal, gzip);
      const compression = checkedCompression(method.input, gzip);
      const json = connectHandler(method, handler, deps, stopping.signal, compression);
      return {
        path: binary.requestPath,
        methods: ['POST'],
        door: deps.door ?? 'connect',
        cors: deps.cors,
        query: 'any',
        handle(req, res) {
          const fault = queryFault(req.url ?? '', []);
          if (fault !== undefined) return refuseQuery(res, fault);
          if (plain !== undefined && take(method, plain, req, res)) return;
          return serve(isJson(req) ? json : binary, req, res, { ...deps, guard });
        },
      };
    }),
  );
  return { routes, endStreams: () => stopping.abort() };
}

/** The compression of connect-node, which unpacks long messages in turn with all others. */
const gzip: Compression = {
  ...compressionGzip,
  async decompress(bytes, bytesMax) {
    if (bytes.length === 0) return new Uint8Array();
    return await unpack('gzip', bytes, bytesMax).catch(({ code, message }: RpcError) => {
      // What is no gzip is the caller's fault; gRPC alone calls it INTERNAL.
      const isTooLong = code === 'RESOURCE_EXHAUSTED';
      throw new ConnectError(message, isTooLong ? Code.ResourceExhausted : Code.InvalidArgument);
    });
  },
};

/** Binds one rpc to connect-node. */
function connectHandler(
  method: DescMethod,
  handler: unknown,
  deps: ConnectDeps,
  stopping: AbortSignal,
  compression: Compression,
): Handler {
  const router = createConnectRouter(routerOptions(deps, compression));
  router.rpc(method, boundHandler(method, handler, deps, stopping) as never);
  return router.handlers[0] as Handler;
}

/** Every parameter is unknown here: a call's message is in its body. */
function refuseQuery(res: HttpResponse, fault: string): void {
  const { status, text } = connectErrorAnswer(new ConnectError(fault, Code.InvalidArgument));
  res.writeHead(status, headersOf(text)).end(text);
}

function isJson({ headers }: HttpRequest): boolean {
  return /json/i.test(headers['content-type'] ?? '');
}

/** Every option of connect that limits something. */
function routerOptions(
  { limits, requireProtocolHeader }: ConnectDeps,
  compression: Compression,
): ConnectRouterOptions {
  return {
    connect: true,
    grpcWeb: true,
    // gRPC has its own listener.
    grpc: false,
    // Requests may be compressed. Responses never are: they are short, and compressing secrets
    // reveals their content through the length (BREACH).
    acceptCompression: [compression],
    compressMinBytes: limits.sendBytesMax,
    readMaxBytes: limits.receiveBytesMax,
    writeMaxBytes: limits.sendBytesMax,
    // clampTimeout has cut longer ones.
    maxTimeoutMs: Number.MAX_SAFE_INTEGER,
    requireConnectProtocolHeader: requireProtocolHeader,
    jsonOptions,
  };
}

async function serve(
  handler: Handler,
  req: HttpRequest,
  res: HttpResponse,
  { limits, onBug, guard }: ConnectDeps & { guard: ConnectGuard },
): Promise<void> {
  const { method } = handler;
  clampTimeout(req.headers, method.methodKind === 'unary', limits);
  if (method.methodKind === 'bidi_streaming') res.awaitStream?.();
  res.setHeader('Cache-Control', 'no-store');
  const { chunks, taken } = countedBody(req.iterator({ destroyOnReturn: false }), res, guard);
  const context = createContextValues().set(peerKey, req.socket.remoteAddress ?? '');
  context.set(clientNamesKey, () => clientNamesOf(req)).set(takenKey, taken);
  context.set(marksKey, new HttpMarks(res));
  const body = bodyOfCall(req, method, chunks, limits);
  const answer = await handler(universalRequest(req, res, body, context));
  if (answer.body === undefined && answer.status >= 400) {
    const headers = Object.fromEntries(answer.header ?? []);
    if (answer.status === 415) headers['Accept-Post'] = acceptedTypes(method);
    return answerError(res, answer.status, refusalOf(answer.status), headers);
  }
  const [challenge, value] = challengesOf(answer.status);
  if (challenge !== undefined && value !== undefined) res.setHeader(challenge, value);
  const corrected = await correctMalformed(answer, method);
  await sendUniversal(corrected, res).catch(error => {
    if (!res.destroyed) failureOf(error, onBug, res.requestId);
    res.destroy();
  });
}

type Body = AsyncIterable<Uint8Array>;

/** The body, checked where it is JSON that nothing unpacks first. */
function bodyOfCall(req: HttpRequest, { input }: DescMethod, body: Body, limits: HttpLimits): Body {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = req.headers;
  if (!isJson(req) || encoding !== 'identity') return body;
  const isStream = /^application\/(connect|grpc)/i.test(type);
  const check = isStream ? checkedStream : checkedBody;
  return check(input, body, limits.receiveBytesMax);
}

/** The content types of a method's requests, for the header that connect-go sends too. */
function acceptedTypes({ methodKind }: DescMethod): string {
  const own = methodKind === 'unary' ? 'application/' : 'application/connect+';
  const types = ['json', 'proto'].flatMap(codec => [own + codec, `application/grpc-web+${codec}`]);
  return types.join(', ');
}

function refusalOf(status: number): string {
  if (status === 415) return 'content type is not one of Connect or gRPC-Web';
  if (status === 505) return needsHttp2Text;
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
