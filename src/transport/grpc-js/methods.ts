/** Binds handlers to grpc-js, with a method definition and an adapter for each rpc. */

import type { DescMethod, MessageShape } from '@bufbuild/protobuf';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  MethodDefinition,
  ServerDuplexStream,
  ServerErrorResponse,
  ServiceDefinition,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { Metadata } from '@grpc/grpc-js';
import { mapAwaitable } from '../../store/awaitable.ts';
import { decode } from '../codec/decode.ts';
import { encode } from '../codec/encode.ts';
import { bytesOf } from '../codec/encoded-cache.ts';
import type { AccessLog } from '../rpc/access-log.ts';
import type { Call } from '../rpc/call.ts';
import { failureOf, type OnBug } from '../rpc/failure.ts';
import type { BidiStreaming, Binding, ServerStreaming, Unary } from '../rpc/handlers.ts';
import { requestIdHeader } from '../rpc/request-id.ts';
import { Requests } from '../rpc/requests.ts';
import { type CodeName, codes, RpcError, shuttingDownText } from '../rpc/rpc-error.ts';
import { statusDetails } from '../rpc/status-details.ts';
import { type ClientNamesAt, callOf } from './call.ts';
import { observeCall, sendId } from './observed-call.ts';
import { type Stream, writeAll } from './write-all.ts';

type Message = MessageShape<DescMethod['input']>;
/** Stands for undecodable bytes: grpc-js would answer INTERNAL, not INVALID_ARGUMENT. */
const malformed = {} as Message;

/** A function for each open stream that ends it when the server stops. */
export type Streams = Set<() => void>;

/** The arguments of grpc-js's `addService`. */
export interface GrpcService {
  definition: ServiceDefinition;
  implementation: UntypedServiceImplementation;
}

/** What the methods of a server share. */
export interface MethodDeps {
  streams: Streams;
  /** How many handlers of unary calls have not answered. */
  running: { count: number };
  onBug: OnBug;
  clientNamesAt: ClientNamesAt;
  /** Absent without an access log. */
  access?: AccessLog | undefined;
}

/** Binds a service's handlers; throws for a method that streams requests only. */
export function grpcService(binding: Binding, deps: MethodDeps): GrpcService {
  const definition: Record<string, MethodDefinition<Message, Uint8Array>> = {};
  const implementation: UntypedServiceImplementation = {};
  for (const method of binding.service.methods) {
    const handler = binding.handlers[method.localName];
    definition[method.localName] = definitionOf(method);
    switch (method.methodKind) {
      case 'unary':
        implementation[method.localName] = unary(method, handler as Unary<DescMethod>, deps);
        break;
      case 'server_streaming':
        implementation[method.localName] = serverStreaming(
          method,
          handler as ServerStreaming<DescMethod>,
          deps,
        );
        break;
      case 'bidi_streaming':
        implementation[method.localName] = bidiStreaming(
          method,
          handler as BidiStreaming<DescMethod>,
          deps,
        );
        break;
      default:
        throw new Error(`${method.name}: a client stream has no handler shape`);
    }
  }
  return { definition, implementation };
}

function definitionOf(method: DescMethod): MethodDefinition<Message, Uint8Array> {
  const { input, output, methodKind } = method;
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: methodKind === 'bidi_streaming' || methodKind === 'client_streaming',
    responseStream: methodKind === 'bidi_streaming' || methodKind === 'server_streaming',
    requestDeserialize(bytes) {
      try {
        return decode(input, bytes);
      } catch {
        return malformed;
      }
    },
    // Responses arrive encoded: the functions below handle a failure to encode like any other.
    responseSerialize: bytes => bytes as Buffer,
    requestSerialize: message => Buffer.from(toBinary(input, message)),
    responseDeserialize: bytes => toBinary(output, fromBinary(output, bytes)),
  };
}

function unary(
  method: DescMethod,
  handler: Unary<DescMethod>,
  { onBug, clientNamesAt, running, access }: MethodDeps,
) {
  const answer: handleUnaryCall<Message, Uint8Array> = (call, callback) => {
    running.count++;
    const seen = callOf(call, clientNamesAt);
    const observed = observeCall(access, method, seen);
    const refuse = (thrown: unknown) => {
      running.count--;
      const error = grpcError(thrown, onBug, seen.requestId);
      observed(error.name as CodeName);
      callback(error);
    };
    const send = (message: Message) => {
      let bytes: Uint8Array;
      try {
        bytes = bytesOfAnswer(method, message);
      } catch (error) {
        return refuse(error);
      }
      running.count--;
      observed(call.cancelled ? 'CANCELLED' : 'OK');
      sendId(seen, call);
      callback(null, bytes);
    };
    try {
      // Awaiting a verdict that is already known would cost more than the verdict.
      const message = handler(checked(method, call.request), seen);
      mapAwaitable(message, send, refuse);
    } catch (error) {
      refuse(error);
    }
  };
  return answer;
}

function serverStreaming(
  method: DescMethod,
  handler: ServerStreaming<DescMethod>,
  { streams, onBug, clientNamesAt, access }: MethodDeps,
) {
  const answer: handleServerStreamingCall<Message, Uint8Array> = async stream => {
    const stopped = new AbortController();
    const call = callOf(stream, clientNamesAt, stopped.signal);
    const end = () => {
      stopped.abort();
      const error = new RpcError('UNAVAILABLE', shuttingDownText);
      endStream(stream, grpcError(error, onBug, call.requestId));
    };
    await track(streams, end, () =>
      answered({ method, stream, call, onBug, access }, () => {
        return handler(checked(method, stream.request), call);
      }),
    );
  };
  return answer;
}

function bidiStreaming(
  method: DescMethod,
  handler: BidiStreaming<DescMethod>,
  { streams, onBug, clientNamesAt, access }: MethodDeps,
) {
  const answer: handleBidiStreamingCall<Message, Uint8Array> = async stream => {
    const call = callOf(stream, clientNamesAt);
    const requests = requestsOf(stream, method);
    // The requests already received are answered before the stream ends.
    const end = () => requests.end(new RpcError('UNAVAILABLE', shuttingDownText));
    await track(streams, end, async () => {
      await answered({ method, stream, call, onBug, access }, () => handler(requests, call));
      requests.end();
    });
  };
  return answer;
}

/** A streaming call that is answered. */
interface Answered {
  method: DescMethod;
  stream: Stream<Message>;
  call: Call;
  onBug: OnBug;
  access: AccessLog | undefined;
}

/** Writes the answers of a stream, and ends it. */
async function answered(
  { method, stream, call, onBug, access }: Answered,
  answersOf: () => AsyncIterable<Message>,
): Promise<void> {
  const observed = observeCall(access, method, call);
  try {
    const answers = answersOf();
    sendId(call, stream);
    await writeAll(stream, answers, answer => bytesOfAnswer(method, answer));
    stream.end();
    observed(stream.cancelled ? 'CANCELLED' : 'OK');
  } catch (thrown) {
    const error = grpcError(thrown, onBug, call.requestId);
    observed(stream.cancelled ? 'CANCELLED' : (error.name as CodeName));
    if (!stream.cancelled) endStream(stream, error);
  }
}

/** The messages of a stream, few ahead of the handler. */
function requestsOf(
  stream: ServerDuplexStream<Message, Uint8Array>,
  method: DescMethod,
): Requests<Message> {
  const requests = new Requests<Message>(() => stream.resume());
  stream.on('data', (message: Message) => {
    try {
      stream.pause();
      // Counted in messages: grpc-js limits their bytes, and does not tell how many they were.
      requests.add([checked(method, message)], 1);
    } catch (error) {
      requests.end(error);
      stream.resume();
    }
  });
  stream.on('end', () => requests.end());
  stream.on('close', () => requests.end());
  return requests;
}

async function track(streams: Streams, end: () => void, work: () => Promise<void>): Promise<void> {
  streams.add(end);
  await work();
  streams.delete(end);
}

/** Ends a stream with a status, which grpc-js takes from the error event. */
function endStream(stream: Stream<Message>, error: ServerErrorResponse): void {
  if (!stream.writableEnded) stream.emit('error', error);
}

function checked(method: DescMethod, message: Message): Message {
  if (message !== malformed) return message;
  throw new RpcError('INVALID_ARGUMENT', `the request is not a ${method.input.typeName} message`);
}

function bytesOfAnswer(method: DescMethod, message: Message): Buffer {
  return bytesOf(method.output, message, encode);
}

function grpcError(thrown: unknown, onBug: OnBug, sentId?: string): ServerErrorResponse {
  const failure = failureOf(thrown, onBug, sentId);
  const metadata = new Metadata();
  const requestId = sentId ?? failure.requestId;
  if (requestId !== undefined) metadata.set(requestIdHeader, requestId);
  const encoded = statusDetails(failure);
  if (encoded) metadata.set('grpc-status-details-bin', encoded);
  // A lone surrogate would make grpc-js throw when it escapes the text.
  const details = failure.message.toWellFormed();
  return { name: failure.code, message: details, code: codes[failure.code], details, metadata };
}
