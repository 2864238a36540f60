/** The events that webhooks get: one table, of which the payloads, their schema and the docs are made. */

import type { AuditEvent } from '../store/audit.ts';
import type { AccessTokenRecord, Json, JsonObject } from '../store/record.ts';

/** What an event is about, and of which entries of the audit log it is made. */
interface EventRow {
  /** When it is sent, in a sentence without a full stop. */
  meaning: string;
  /** Actions of the audit log that it is made of. */
  actions: readonly string[];
  /** Members of `data` besides those that every event has. */
  members: Readonly<Record<string, Member>>;
}

/** A member of `data`. */
interface Member {
  type: 'string' | 'integer' | 'object';
  meaning: string;
  format?: 'date-time';
  /** Whether an event can lack it. */
  isOptional?: true;
}

const reason: Member = { type: 'string', meaning: 'The reason that was given', isOptional: true };

/** All events. */
export const events = {
  'token.created': {
    meaning: 'An access token was created or imported',
    actions: ['token.create', 'token.import'],
    members: {},
  },
  'token.rotated': {
    meaning: 'An access token has a new token or secret',
    actions: ['token.rotate'],
    members: {
      formerValidUntil: {
        type: 'string',
        format: 'date-time',
        meaning: 'Until when the former token or secret is valid; absent when it no longer is',
        isOptional: true,
      },
    },
  },
  'token.revoked': {
    meaning: 'An access token was permanently revoked',
    actions: ['token.revoke'],
    members: { reason },
  },
  'token.expiring': {
    meaning: 'An access token expires in as many days as the webhook names',
    actions: [],
    members: { daysLeft: { type: 'integer', meaning: 'The number of days' } },
  },
  'token.leaked': {
    meaning: 'A token or secret was reported as leaked',
    actions: ['token.leaked'],
    // Without `accessToken` when it was the admin token of the configuration.
    members: {
      what: {
        type: 'string',
        meaning: 'What leaked: "token", "secret key", "jwt" or "admin token"',
      },
      done: {
        type: 'string',
        meaning: 'What Usher did about it: "revoked", "flagged", or "failed" where it could not',
      },
      source: {
        type: 'string',
        meaning: 'The kind of place where it was found, such as "commit"',
        isOptional: true,
      },
      url: { type: 'string', meaning: 'Where it was found', isOptional: true },
    },
  },
  'limit.reached': {
    meaning:
      'Calls with an access token were refused because of its limits; sent once an hour at most',
    actions: ['limit.reached'],
    members: {
      detail: { type: 'string', meaning: 'The limits of the access token', isOptional: true },
    },
  },
  'store.rolled_back': {
    meaning: 'The store lost changes, such as by a failover or an old backup',
    actions: ['store.healed'],
    members: { detail: { type: 'string', meaning: 'What was lost, in words' } },
  },
  'webhook.test': {
    meaning: 'Someone tests the webhook; it is sent whichever events are chosen',
    actions: [],
    members: {},
  },
} as const satisfies Record<string, EventRow>;

/** The name of an event. */
export type EventType = keyof typeof events;

/** The names of the events that can be chosen. */
export const eventTypes = (Object.keys(events) as EventType[]).filter(
  type => type !== 'webhook.test',
);

/** The version of the payloads: a new one only where a receiver would have to change. */
const payloadVersion = 1;

/** Something that webhooks send. */
export interface Happening {
  /** UUID: the same for the same happening, so that receivers can leave out repeats. */
  id: string;
  type: EventType;
  /** Milliseconds since 1970. */
  time: number;
  /** The access token concerned, as it is now; absent where there is none. */
  record?: AccessTokenRecord;
  /** UUID of the access token concerned, also where it cannot be read. */
  tokenId?: string;
  /** Who did it. */
  actor: { id: string; name: string };
  /** The event's own members of `data`. */
  members: JsonObject;
}

/** The value of `webhook-id`. */
export function messageIdOf({ id }: Pick<Happening, 'id'>): string {
  return `msg_${id}`;
}

/** What is sent: JSON. It holds no token and no secret. */
export function payloadOf(happening: Happening): string {
  const { type, time, record, tokenId, actor, members } = happening;
  const accessToken =
    record === undefined ? (tokenId ? { id: tokenId } : undefined) : accessTokenOf(record);
  const data = { ...(accessToken && { accessToken }), actor, ...members };
  return JSON.stringify({
    type,
    timestamp: new Date(time).toISOString(),
    version: payloadVersion,
    data,
  });
}

function accessTokenOf({ id, name, owner, kind, expiresAt }: AccessTokenRecord) {
  return {
    ...{ id, name, kind },
    ...(owner !== undefined && { owner }),
    ...(expiresAt !== undefined && { expireTime: new Date(expiresAt).toISOString() }),
  };
}

const byAction = new Map<string, EventType>(
  (Object.entries(events) as [EventType, EventRow][]).flatMap(([type, { actions }]) =>
    actions.map(action => [action, type] as const),
  ),
);

/** The event that an entry of the audit log becomes; undefined for none. */
export function typeOfAction(action: string): EventType | undefined {
  return byAction.get(action);
}

/** The event's own members of `data`, from its entry in the audit log. */
export function membersOf(type: EventType, { detail, after }: AuditEvent): JsonObject {
  switch (type) {
    case 'token.revoked':
      return detail === '' ? {} : { reason: detail };
    case 'token.rotated': {
      const until = after?.previousGoodUntil;
      return typeof until === 'number' ? { formerValidUntil: new Date(until).toISOString() } : {};
    }
    case 'token.leaked': {
      const { what = 'token', done = 'flagged', source = '', url = '' } = after ?? {};
      return { what, done, ...(source !== '' && { source }), ...(url !== '' && { url }) };
    }
    case 'limit.reached':
    case 'store.rolled_back':
      return detail === '' && type !== 'store.rolled_back' ? {} : { detail };
    default:
      return {};
  }
}

/** The JSON Schema (2020-12) of the payloads. */
export function payloadSchema(): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'What webhooks of Usher get, version 1',
    description: 'Members may be added without a new version: ignore those that you do not know.',
    oneOf: (Object.entries(events) as [EventType, EventRow][]).map(([type, row]) => ({
      title: type,
      description: `${row.meaning}.`,
      type: 'object',
      required: ['type', 'timestamp', 'version', 'data'],
      properties: {
        type: { const: type },
        timestamp: { type: 'string', format: 'date-time', description: 'When it happened.' },
        version: { const: payloadVersion },
        data: dataSchema(type, row),
      },
    })),
    $defs: { accessToken: accessTokenSchema, actor: actorSchema },
  };
}

/** Events that concern no access token. */
const withoutToken: ReadonlySet<EventType> = new Set(['store.rolled_back', 'webhook.test']);
/** Events that sometimes concern none. */
const maybeWithoutToken: ReadonlySet<EventType> = new Set(['token.leaked']);

function dataSchema(type: EventType, { members }: EventRow): JsonObject {
  const own = Object.entries(members).map(([name, { type, meaning, format }]): [string, Json] => {
    return [name, { type, ...(format && { format }), description: `${meaning}.` }];
  });
  const needed = Object.entries(members).filter(([, { isOptional }]) => !isOptional);
  const hasToken = !withoutToken.has(type);
  const needsToken = hasToken && !maybeWithoutToken.has(type);
  return {
    type: 'object',
    required: [...(needsToken ? ['accessToken'] : []), 'actor', ...needed.map(([name]) => name)],
    properties: {
      ...(hasToken && { accessToken: { $ref: '#/$defs/accessToken' } }),
      actor: { $ref: '#/$defs/actor' },
      ...Object.fromEntries(own),
    },
  };
}

const accessTokenSchema: JsonObject = {
  type: 'object',
  description:
    'The access token as it was when the event was sent; only its id where it could not be read.',
  required: ['id'],
  properties: {
    id: { type: 'string', format: 'uuid' },
    name: { type: 'string' },
    kind: { enum: ['static', 'jwt'] },
    owner: { type: 'string' },
    expireTime: { type: 'string', format: 'date-time' },
  },
};

const actorSchema: JsonObject = {
  type: 'object',
  description: 'Who did it.',
  required: ['id', 'name'],
  properties: {
    id: {
      type: 'string',
      description:
        'UUID of an access token, "person:" and a UUID, "admin" for the admin token, "usher" for Usher itself.',
    },
    name: { type: 'string' },
  },
};
