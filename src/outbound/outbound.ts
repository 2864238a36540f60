/**
 * The requests that Usher itself makes: webhooks, providers of sign-ins, lists of keys. Someone who may name
 * such an address must not reach what only Usher can: each request goes over https to a public address, or
 * to one that USHER_OUTBOUND_ALLOW names. The name is looked up once, and the connection goes to the
 * address that was checked. No redirect is followed, and no proxy of the environment is used, since it
 * would look the name up by itself.
 */

import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  request as plainRequest,
} from 'node:http';
import { Agent as HttpsAgent, request as tlsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { awakeTimeout } from '../timing/awake.ts';
import { TlsFileError } from '../tls/files.ts';
import type { AllowedTarget } from './allow.ts';
import { explainFailure, OutboundError } from './error.ts';
import {
  type CheckedAddress,
  checkedAddresses,
  checkUrl,
  type Resolve,
  resolveBySystem,
} from './target.ts';
import { trustOf } from './trust.ts';

/** What a request may have besides what `fetch` takes. `redirect` has no effect. */
export interface OutboundInit extends RequestInit {
  /** How long it may take, in milliseconds; absent for USHER_OUTBOUND_TIMEOUT_MS. */
  timeoutMs?: number;
  /** Longest body of the answer, in bytes; absent for USHER_OUTBOUND_BYTES_MAX. */
  bytesMax?: number;
  /** Cuts a longer body off instead of failing: for those who only show its beginning. */
  cutsBody?: boolean;
}

/**
 * Like `fetch`, with the rules above; the answer is complete when it resolves, and a redirect is an answer
 * like any other. Throws OutboundError, and the reason of `signal` when that is aborted.
 */
export type OutboundFetch = (url: string | URL, init?: OutboundInit) => Promise<Response>;

/** How requests are made. */
export interface OutboundOptions {
  allow: readonly AllowedTarget[];
  /** A PEM file with authorities that are trusted besides those of Node. */
  caFile?: string | undefined;
  timeoutMs: number;
  bytesMax: number;
  /** Looks names up; absent for the system. */
  resolve?: Resolve;
}

/** Makes the function with which Usher calls others. */
export function createOutboundFetch(options: OutboundOptions): OutboundFetch {
  const { allow, resolve = resolveBySystem } = options;
  const trust = trustOf(options.caFile);
  return async (target, init = {}) => {
    const url = checkUrl(target, allow);
    const { timeoutMs = options.timeoutMs, bytesMax = options.bytesMax, cutsBody = false } = init;
    const message = new Request(url, { ...init, signal: null, redirect: 'manual', duplex: 'half' });
    const ended = new AbortController();
    const timer = awakeTimeout(() => ended.abort(tooSlow(url, timeoutMs)), timeoutMs);
    const onAbort = () => ended.abort(init.signal?.reason);
    init.signal?.addEventListener('abort', onAbort, { once: true });
    if (init.signal?.aborted) onAbort();
    try {
      const body = Buffer.from(await orAborted(message.arrayBuffer(), ended.signal));
      const found = checkedAddresses(url, allow, resolve);
      const addresses = await orAborted(found, ended.signal);
      const request = start(url, message, addresses, trust);
      return await exchange(request, body, { url, bytesMax, cutsBody, signal: ended.signal });
    } finally {
      timer.clear();
      init.signal?.removeEventListener('abort', onAbort);
    }
  };
}

function tooSlow(url: URL, ms: number): OutboundError {
  const text = `${url.host} did not answer within ${ms} ms; look whether it is overloaded`;
  return new OutboundError('time', text);
}

/** Rejects with the reason of the signal when that comes first. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** What Node writes by itself. */
const ownHeaders = ['host', 'connection', 'content-length', 'transfer-encoding', 'expect'];

function start(
  url: URL,
  { method, headers: given }: Request,
  addresses: readonly CheckedAddress[],
  trust: ReturnType<typeof trustOf>,
): ClientRequest {
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  for (const [name, value] of given) if (!ownHeaders.includes(name)) headers[name] = value;
  const lookup: LookupFunction = (_name, options, callback) => {
    const [first] = addresses;
    if (options.all) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
  const options = { method, headers, lookup, autoSelectFamily: true };
  if (url.protocol === 'http:') {
    return plainRequest(url, { ...options, agent: new HttpAgent() });
  }
  const secureContext = secureContextOf(trust);
  const agent = new HttpsAgent();
  return tlsRequest(url, { ...options, agent, ...(secureContext && { secureContext }) });
}

function secureContextOf(trust: ReturnType<typeof trustOf>) {
  try {
    return trust();
  } catch (error) {
    if (!(error instanceof TlsFileError)) throw error;
    throw new OutboundError('tls', `USHER_OUTBOUND_CA_FILE ${error.message}`, error);
  }
}

interface Bounds {
  url: URL;
  bytesMax: number;
  cutsBody: boolean;
  signal: AbortSignal;
}

/** Sends the request, and reads the answer up to its bound. */
function exchange(request: ClientRequest, body: Buffer, bounds: Bounds): Promise<Response> {
  const { url, signal } = bounds;
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const onAbort = () => {
    reject(signal.reason);
    request.destroy();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  request.on('error', error => reject(explainFailure(url.host, error)));
  // An answer that asks for another protocol closes the connection without an error.
  const onClose = () => reject(explainFailure(url.host, undefined));
  request.on('close', onClose);
  request.on('response', answer => {
    request.off('close', onClose);
    readAnswer(answer, bounds)
      .then(resolve, reject)
      .finally(() => request.destroy());
  });
  if (signal.aborted) onAbort();
  else request.end(body);
  return promise.finally(() => signal.removeEventListener('abort', onAbort));
}

async function readAnswer(answer: IncomingMessage, bounds: Bounds): Promise<Response> {
  const { url, bytesMax, cutsBody, signal } = bounds;
  const chunks: Buffer[] = [];
  let left = bytesMax;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      chunks.push(chunk.subarray(0, left));
      if (chunk.length > left) {
        if (cutsBody) break;
        throw new OutboundError(
          'answer',
          `${url.host} answers with more than ${bytesMax} bytes; check the address, or raise ` +
            'USHER_OUTBOUND_BYTES_MAX',
        );
      }
      left -= chunk.length;
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error instanceof OutboundError ? error : explainFailure(url.host, error);
  }
  return responseOf(answer, Buffer.concat(chunks), url);
}

/** Answers that have no body (RFC 9110 section 15). */
const bodiless = [204, 205, 304];

function responseOf(answer: IncomingMessage, body: Buffer<ArrayBuffer>, url: URL): Response {
  const status = answer.statusCode ?? 0;
  try {
    const headers = new Headers();
    for (let at = 0; at + 1 < answer.rawHeaders.length; at += 2) {
      headers.append(answer.rawHeaders[at] ?? '', answer.rawHeaders[at + 1] ?? '');
    }
    return new Response(bodiless.includes(status) ? null : body, { status, headers });
  } catch (error) {
    // Node reads more than the standard has: other status codes, and names with other characters.
    throw new OutboundError(
      'answer',
      `${url.host} does not answer in HTTP; correct the port`,
      error,
    );
  }
}
