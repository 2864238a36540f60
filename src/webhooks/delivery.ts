/** Deliveries: events on their way to a webhook. Each is a document, which outlives a restart. */

import { hash } from 'node:crypto';
import type { Documents, StoredDocument } from '../store/documents.ts';
import type { JsonObject } from '../store/record.ts';
import { type EventType, type Happening, messageIdOf, payloadOf } from './events.ts';
import { answerLimits } from './limits.ts';

/** The collection of deliveries. */
export const deliveries = 'deliveries';

/** An attempt to deliver an event. */
export interface Attempt {
  /** When it began, in milliseconds since 1970. */
  time: number;
  durationMs: number;
  /** HTTP status of the answer; absent without one. */
  status?: number;
  /** Why it was not good; absent for 2xx. */
  error?: string;
  /** The start of the answer's body, as text; absent without one. */
  answer?: string;
}

/** A delivery. Times are in milliseconds since 1970. */
export interface Delivery {
  /** Of its document: the webhook's id, a dot, and the rest, by which newer ones come first. */
  id: string;
  /** Of its document; 0 before there is one. */
  revision: number;
  webhookId: string;
  messageId: string;
  type: EventType;
  time: number;
  payload: string;
  state: 'waiting' | 'delivered' | 'failed';
  /** When it is attempted next; absent unless it waits. */
  nextAt?: number;
  /** When it was attempted first; absent before. */
  firstAt?: number;
  attemptsTotal: number;
  /** The last ones, oldest first. */
  attempts: Attempt[];
}

/** Larger than any time, so that the difference sorts newer ones first. */
const timeMax = 9_999_999_999_999;

/** A new delivery, which waits for its first attempt. The same happening makes the same id. */
export function deliveryOf(webhookId: string, happening: Happening, now: number): Delivery {
  const messageId = messageIdOf(happening);
  const { type, time } = happening;
  const place = String(timeMax - Math.min(Math.max(0, Math.floor(time)), timeMax));
  const name = hash('sha256', messageId, 'base64url').slice(0, 13);
  return {
    id: `${webhookId}.${place.padStart(13, '0')}.${name}`,
    revision: 0,
    ...{ webhookId, messageId, type, time },
    payload: payloadOf(happening),
    ...{ state: 'waiting', nextAt: now, attemptsTotal: 0, attempts: [] },
  };
}

/** The ids of a webhook's deliveries begin with this. */
export function prefixOf(webhookId: string): string {
  return `${webhookId}.`;
}

/** The id of a delivery without that of its webhook, as callers know it. */
export function shortId({ id, webhookId }: Pick<Delivery, 'id' | 'webhookId'>): string {
  return id.slice(prefixOf(webhookId).length);
}

/** The delivery of a document. */
export function deliveryIn({ id, revision, body }: StoredDocument): Delivery {
  return { ...(body as unknown as Omit<Delivery, 'id' | 'revision'>), id, revision };
}

/** The content of its document. */
export function deliveryBody({ id: _id, revision: _revision, ...body }: Delivery): JsonObject {
  return JSON.parse(JSON.stringify(body)) as JsonObject;
}

/** The delivery after an attempt; `nextAt` is when the next one is due, if there is one. */
export function withAttempt(
  delivery: Delivery,
  attempt: Attempt,
  nextAt: number | undefined,
): Delivery {
  const { nextAt: _before, ...rest } = delivery;
  const isGood = attempt.error === undefined;
  const state = isGood ? 'delivered' : nextAt === undefined ? 'failed' : 'waiting';
  return {
    ...rest,
    state,
    ...(state === 'waiting' && nextAt !== undefined && { nextAt }),
    firstAt: delivery.firstAt ?? attempt.time,
    attemptsTotal: delivery.attemptsTotal + 1,
    attempts: [...delivery.attempts.slice(1 - answerLimits.attemptsKept), attempt].map(
      // Of the older ones it is enough to know how they ended.
      (each, n, { length }) => (length - n > answerLimits.answersKept ? withoutAnswer(each) : each),
    ),
  };
}

function withoutAnswer({ answer: _answer, ...attempt }: Attempt): Attempt {
  return attempt;
}

/** Pages of a webhook's deliveries, newest first. */
export async function* deliveryPages(
  store: Pick<Documents, 'documents'>,
  webhookId: string,
  limit: number,
): AsyncGenerator<Delivery[]> {
  const scan = { collection: deliveries, prefix: prefixOf(webhookId), limit } as const;
  let after: string | undefined;
  do {
    const page = await store.documents(after === undefined ? scan : { ...scan, after });
    yield page.map(deliveryIn);
    after = page.length < limit ? undefined : page.at(-1)?.id;
  } while (after !== undefined);
}
