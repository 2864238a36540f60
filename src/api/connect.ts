/** Connects to the API Manager's API and converts errors to messages that a person can act on. */

import type { Client, Interceptor } from '@connectrpc/connect';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import { AccessTokenService } from '../gen/usher/v1/access_token_pb.ts';
import { InvitationService } from '../gen/usher/v1/invitations_pb.ts';
import { JobService } from '../gen/usher/v1/jobs_pb.ts';
import { KeyService } from '../gen/usher/v1/keys_pb.ts';
import { LeakService } from '../gen/usher/v1/leaks_pb.ts';
import { LogService } from '../gen/usher/v1/log_pb.ts';
import { PeopleService } from '../gen/usher/v1/people_pb.ts';
import { SignInService } from '../gen/usher/v1/sign_in_pb.ts';
import { StoreService } from '../gen/usher/v1/store_pb.ts';
import { VerifierService } from '../gen/usher/v1/verifier_pb.ts';
import { WebhookService } from '../gen/usher/v1/webhooks_pb.ts';
import { type TlsFault, tlsFault } from '../tls/fault.ts';
import type { TlsPems } from '../tls/files.ts';
import { httpsFetch } from './https-fetch.ts';

/** The address of the API Manager, and the credential. */
export interface AdminOptions {
  /** Such as "http://127.0.0.1:8081". */
  url: string;
  /** The Authorization header's value; no header if absent. */
  authorization?: string | undefined;
  /** How long a call may take, in milliseconds. */
  timeoutMs: number;
  /** Authorities and a client certificate for https; by default the authorities that Node trusts. */
  tls?: TlsPems | undefined;
}

/** The services of the API Manager. */
export interface Admin {
  tokens: Client<typeof AccessTokenService>;
  store: Client<typeof StoreService>;
  invitations: Client<typeof InvitationService>;
  jobs: Client<typeof JobService>;
  keys: Client<typeof KeyService>;
  log: Client<typeof LogService>;
  leaks: Client<typeof LeakService>;
  signIn: Client<typeof SignInService>;
  people: Client<typeof PeopleService>;
  verifier: Client<typeof VerifierService>;
  webhooks: Client<typeof WebhookService>;
}

/** Why a call failed: a gRPC status, no server at the address, or a server that is not Usher. */
export type AdminErrorCode = keyof typeof Code | 'NoServer' | 'NotUsher';

/** A failed call, with a message for people. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  /** Why it failed. */
  readonly code: AdminErrorCode;
  /** What to do about it; undefined where the message says it, or nothing helps. */
  readonly advice: string | undefined;
  constructor(code: AdminErrorCode, message: string, cause?: unknown, advice?: string) {
    super(message, { cause });
    this.code = code;
    this.advice = advice;
  }
}

/** Creates the clients; the first call opens the connection. */
export function connectAdmin({ url, authorization, timeoutMs, tls }: AdminOptions): Admin {
  const send = tls === undefined ? fetch : httpsFetch(tls);
  const authorize: Interceptor = next => request => {
    if (authorization !== undefined) request.header.set('authorization', authorization);
    return next(request);
  };
  const transport = createConnectTransport({
    baseUrl: url,
    useBinaryFormat: true,
    defaultTimeoutMs: timeoutMs,
    interceptors: [authorize],
    fetch: (input, init) => reach(url, send, input, init),
  });
  return {
    tokens: createClient(AccessTokenService, transport),
    store: createClient(StoreService, transport),
    invitations: createClient(InvitationService, transport),
    jobs: createClient(JobService, transport),
    keys: createClient(KeyService, transport),
    log: createClient(LogService, transport),
    leaks: createClient(LeakService, transport),
    signIn: createClient(SignInService, transport),
    people: createClient(PeopleService, transport),
    verifier: createClient(VerifierService, transport),
    webhooks: createClient(WebhookService, transport),
  };
}

/** Makes a call; throws every error as AdminError. */
export async function call<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw adminError(error);
  }
}

async function reach(
  url: string,
  send: typeof fetch,
  input: Parameters<typeof fetch>[0],
  init?: RequestInit,
): Promise<Response> {
  let response: Response;
  try {
    response = await send(input, init);
  } catch (error) {
    if (init?.signal?.aborted) throw error;
    throw new ConnectError('', Code.Unavailable, undefined, undefined, noServer(url, error));
  }
  if (response.status === 200 || (await isConnect(response))) return response;
  const message = `${url} is not the API Manager (HTTP ${response.status})`;
  const cause = new AdminError('NotUsher', message, undefined, 'check USHER_MANAGER_URL');
  throw new ConnectError('', Code.Unavailable, undefined, undefined, cause);
}

/**
 * Whether it is an error of Connect, which is JSON with a `code`, and not the answer of some other
 * server or of another listener of Usher.
 */
async function isConnect(response: Response): Promise<boolean> {
  if (!response.headers.get('content-type')?.startsWith('application/json')) return false;
  try {
    const body: unknown = await response.clone().json();
    return typeof body === 'object' && body !== null && 'code' in body;
  } catch {
    return false;
  }
}

function noServer(url: string, error: unknown): AdminError {
  const fault = tlsFault(error);
  if (fault !== undefined) {
    const [message, advice] = tlsTexts[fault](url);
    return new AdminError('NoServer', message, error, advice);
  }
  // Fetch tells the reason as the cause.
  const cause = error instanceof Error ? (error.cause ?? error) : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const why = code ?? (cause instanceof Error ? cause.message : 'unreachable');
  const advice = 'start it with `usher serve`, or set USHER_MANAGER_URL';
  return new AdminError('NoServer', `no server answers at ${url} (${why})`, error, advice);
}

/** What is wrong with a failed handshake, and what to do about it. */
const tlsTexts: Record<TlsFault, (url: string) => [message: string, advice?: string]> = {
  authority: url => [
    `the certificate of ${url} is signed by an unknown authority`,
    'set USHER_MANAGER_CA_FILE',
  ],
  time: url => [
    `the certificate of ${url} is not valid at this time`,
    'renew it, or set the clock here',
  ],
  name: url => [
    `the certificate of ${url} is for other names`,
    'write one of them in USHER_MANAGER_URL',
  ],
  plain: url => [
    `${url} does not speak TLS`,
    'write http:// in USHER_MANAGER_URL, or its port for TLS',
  ],
  wanted: url => [
    `${url} wants a client certificate`,
    'set USHER_MANAGER_CERT_FILE and USHER_MANAGER_KEY_FILE',
  ],
  refused: url => [
    `${url} refuses the client certificate`,
    'name another in USHER_MANAGER_CERT_FILE, of an authority in its ' +
      'USHER_MANAGER_TLS_CLIENT_CA_FILE',
  ],
  version: url => [`${url} has no version of TLS or no cipher in common with this client`],
};

function adminError(error: unknown): AdminError {
  if (error instanceof AdminError) return error;
  const { cause, code, rawMessage } = ConnectError.from(error, Code.Internal);
  if (cause instanceof AdminError) return cause;
  return new AdminError(Code[code] as keyof typeof Code, rawMessage || Code[code] || '', error);
}
