/** Makes one attempt to deliver an event. */

import { OutboundError } from '../outbound/error.ts';
import type { OutboundFetch } from '../outbound/outbound.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import type { Attempt, Delivery } from './delivery.ts';
import { answerLimits } from './limits.ts';
import { webhookHeaders } from './sign.ts';
import { secretsOf, urlOf, type Webhook } from './webhook.ts';

/** What an attempt needs. */
export interface SendDeps {
  fetch: OutboundFetch;
  keys: MasterKeys;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Never runs backwards, in milliseconds. */
  monotonicMs: () => number;
  /** Value of the header User-Agent. */
  userAgent: string;
}

/** An attempt, and for how long the receiver asked to wait, if it did. */
export interface Sent {
  attempt: Attempt;
  /** In milliseconds. */
  retryAfterMs?: number;
  /** The receiver said that it is gone: 410. */
  isGone: boolean;
}

/**
 * Makes an attempt. What goes wrong on the way is in the attempt; throws Unavailable when a secret cannot
 * be decrypted, and the reason of `signal` when that is aborted.
 */
export async function send(
  deps: SendDeps,
  webhook: Webhook,
  { messageId, payload }: Delivery,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
): Promise<Sent> {
  const { fetch, keys, now, monotonicMs, userAgent } = deps;
  const time = now();
  const url = urlOf(keys, webhook);
  const secrets = secretsOf(keys, webhook, time);
  const startedMs = monotonicMs();
  const attemptOf = (rest: Omit<Attempt, 'time' | 'durationMs'>): Attempt => {
    return { time, durationMs: Math.round(monotonicMs() - startedMs), ...rest };
  };
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': userAgent,
        ...webhookHeaders({ id: messageId, time, payload }, secrets),
      },
      body: payload,
      ...{ timeoutMs, bytesMax: answerLimits.bytesMax, cutsBody: true },
      ...(signal && { signal }),
    });
    const text = textOf(await answer.text());
    const { status } = answer;
    const error = faultOf(status);
    const retryAfterMs = retryAfterOf(answer.headers.get('retry-after'));
    return {
      attempt: attemptOf({ status, ...(error && { error }), ...(text !== '' && { answer: text }) }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      isGone: status === 410,
    };
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    return { attempt: attemptOf({ error: error.message }), isGone: false };
  }
}

/** Why a status is not good; undefined for 2xx. */
function faultOf(status: number): string | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status === 410) return 'answered 410, which says that it wants no more events';
  if (status >= 300 && status < 400) {
    return `answered ${status}, a redirect, which is not followed; use the address that it leads to`;
  }
  return `answered ${status}`;
}

/** The start of a body, without characters that would disturb a terminal or a page. */
function textOf(body: string): string {
  const plain = body.replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}]/gu, '\ufffd').trim();
  // By code points, so that no pair of surrogates is cut.
  return [...plain].slice(0, answerLimits.charactersMax).join('');
}

/** Retry-After in seconds (RFC 9110 section 10.2.3); a date is left to the own pauses. */
function retryAfterOf(value: string | null): number | undefined {
  return value !== null && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : undefined;
}
