/** Connects to the API Manager's API, and tells its errors so that a person can act on them. */

import type { Client, Interceptor } from '@connectrpc/connect';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import { AccessTokenService } from '../gen/usher/v1/access_token_pb.ts';
import { StoreService } from '../gen/usher/v1/store_pb.ts';
import { VerifierService } from '../gen/usher/v1/verifier_pb.ts';

/** Where the API Manager is, and as whom to call it. */
export interface AdminOptions {
  /** As in "http://127.0.0.1:8081". */
  url: string;
  /** The Authorization header's value; absent for none. */
  authorization?: string | undefined;
  /** How long a call may take. */
  timeoutMs: number;
}

/** The services of the manager port. */
export interface Admin {
  tokens: Client<typeof AccessTokenService>;
  verifier: Client<typeof VerifierService>;
  store: Client<typeof StoreService>;
}

/** Why a call failed: a gRPC status by its name, or that nobody answered. */
export type AdminErrorCode = keyof typeof Code | 'NoServer' | 'NotUsher';

/** A call that failed. The message is for people. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly code: AdminErrorCode;
  constructor(code: AdminErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** Connects; nothing is sent before the first call. */
export function connectAdmin({ url, authorization, timeoutMs }: AdminOptions): Admin {
  const authorize: Interceptor = next => request => {
    if (authorization !== undefined) request.header.set('authorization', authorization);
    return next(request);
  };
  const transport = createConnectTransport({
    baseUrl: url,
    useBinaryFormat: true,
    defaultTimeoutMs: timeoutMs,
    interceptors: [authorize],
    fetch: (input, init) => reach(url, input, init),
  });
  return {
    tokens: createClient(AccessTokenService, transport),
    verifier: createClient(VerifierService, transport),
    store: createClient(StoreService, transport),
  };
}

/** Makes a call; whatever goes wrong is thrown as AdminError. */
export async function call<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw adminError(error);
  }
}

async function reach(
  url: string,
  input: Parameters<typeof fetch>[0],
  init?: RequestInit,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(input, init);
  } catch (error) {
    if (init?.signal?.aborted) throw error;
    throw new ConnectError('', Code.Unavailable, undefined, undefined, noServer(url, error));
  }
  if (response.status === 200 || isConnect(response)) return response;
  const message = `what answers at ${url} is not the API Manager (HTTP ${response.status}): check USHER_MANAGER_URL`;
  const cause = new AdminError('NotUsher', message);
  throw new ConnectError('', Code.Unavailable, undefined, undefined, cause);
}

/** An error of Connect is JSON with a code; anything else comes from some other server. */
function isConnect(response: Response): boolean {
  return response.headers.get('content-type')?.startsWith('application/json') ?? false;
}

function noServer(url: string, error: unknown): AdminError {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const why = code ?? (cause instanceof Error ? cause.message : 'unreachable');
  const advice = 'start it with `usher serve`, or set USHER_MANAGER_URL';
  return new AdminError('NoServer', `no server answers at ${url} (${why}): ${advice}`, error);
}

function adminError(error: unknown): AdminError {
  if (error instanceof AdminError) return error;
  const { cause, code, rawMessage } = ConnectError.from(error, Code.Internal);
  if (cause instanceof AdminError) return cause;
  return new AdminError(Code[code] as keyof typeof Code, rawMessage || Code[code] || '', error);
}
