/** Adapts handlers of rpcs to connect-node: their errors, their deadlines, their end at a stop. */

import type { DescMethod, MessageShape } from '@bufbuild/protobuf';
import { createContextKey, type HandlerContext } from '@connectrpc/connect';
import type { TraceIds } from '../../tracing/tracing.ts';
import { type Call, type CallMarks, type Door, noClientNames } from '../rpc/call.ts';
import type { OnBug } from '../rpc/failure.ts';
import type { BidiStreaming, ServerStreaming, Unary } from '../rpc/handlers.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import { connectError } from './error.ts';

/** The key of the socket's peer address in a call's context. */
export const peerKey = createContextKey('');

/** The key of the marks of a request. */
export const marksKey = createContextKey<CallMarks>({});

/** The key of a function that returns the names of the client certificate. */
export const clientNamesKey = createContextKey(() => noClientNames);

/** The key of a function to call when a message of a stream was taken. */
export const takenKey = createContextKey((): void => undefined);

/** The answer to a method that streams in both directions. */
export const needsHttp2Text = 'a stream in both directions needs HTTP/2: use gRPC';

/** Adapts the handler of a method to connect. Its streams end once `stopping` aborts. */
export function boundHandler(
  method: DescMethod,
  handler: unknown,
  deps: { door?: Door; onBug: OnBug },
  stopping: AbortSignal,
) {
  const fail = (thrown: unknown, { values }: HandlerContext) =>
    connectError(thrown, deps.onBug, values.get(marksKey).requestId);
  async function* streamed(
    context: HandlerContext,
    answer: (call: Call) => AsyncIterable<unknown>,
  ) {
    const signal = AbortSignal.any([context.signal, stopping]);
    try {
      checkVersion(context);
      yield* until(answer(callOf(context, deps.door, signal)), stopping);
      // A handler whose signal aborts ends its stream; the deadline must not end as a success.
      context.signal.throwIfAborted();
    } catch (error) {
      throw fail(error, context);
    }
  }
  switch (method.methodKind) {
    case 'unary': {
      const answer = handler as Unary<DescMethod>;
      return async (request: Message, context: HandlerContext) => {
        try {
          checkVersion(context);
          const result = answer(request, callOf(context, deps.door));
          return await unlessAborted(Promise.resolve(result), context.signal);
        } catch (error) {
          throw fail(error, context);
        }
      };
    }
    case 'server_streaming': {
      const answers = handler as ServerStreaming<DescMethod>;
      return (request: Message, context: HandlerContext) =>
        streamed(context, call => answers(request, call));
    }
    default: {
      // Only HTTP/2 gets here: Connect rejects these over HTTP/1.1.
      const answers = handler as BidiStreaming<DescMethod>;
      return (requests: AsyncIterable<Message>, context: HandlerContext) =>
        streamed(context, call => answers(untilAborted(taken(requests, context), stopping), call));
    }
  }
}

/** The messages; what was read up to each need not be counted any longer. */
async function* taken(requests: AsyncIterable<Message>, { values }: HandlerContext) {
  for await (const request of requests) {
    values.get(takenKey)();
    yield request;
  }
}

/** The items of a source until the signal aborts. */
async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const items = source[Symbol.asyncIterator]();
  let stop = (_: IteratorReturnResult<undefined>) => {};
  signal.addEventListener('abort', () => stop({ done: true, value: undefined }));
  while (!signal.aborted) {
    const next = await new Promise<IteratorResult<T>>((resolve, reject) => {
      stop = resolve;
      items.next().then(resolve, reject);
    });
    if (next.done) return;
    yield next.value;
  }
}

/** Connect's header for its version; connect-node reads it only where it is required. */
function checkVersion({ protocolName, requestHeader }: HandlerContext): void {
  const version = requestHeader.get('connect-protocol-version') ?? '1';
  if (protocolName !== 'connect' || version === '1') return;
  throw new RpcError('INVALID_ARGUMENT', 'connect-protocol-version must be "1"');
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

function callOf(
  context: HandlerContext,
  door: Door | undefined,
  signal: AbortSignal = context.signal,
): Call {
  const { requestHeader, protocolName, values } = context;
  const marks = values.get(marksKey);
  return {
    door: door ?? (protocolName === 'grpc-web' ? 'grpc-web' : 'connect'),
    header(name) {
      const value = requestHeader.get(name);
      return value === null ? [] : [value];
    },
    peer: values.get(peerKey),
    get clientNames() {
      return values.get(clientNamesKey)();
    },
    signal,
    traceparent: marks.traceparent,
    tracestate: marks.tracestate,
    get requestId() {
      return marks.requestId;
    },
    set requestId(id) {
      marks.requestId = id;
    },
    set traceIds(ids: TraceIds | undefined) {
      marks.traceIds = ids;
    },
  };
}
