/** The options with which the fields of an access token are chosen and changed. */

import type { Command } from 'commander';
import type { JsonObject } from '../api/access-token.ts';
import type { TokenFields } from '../api/access-tokens.ts';
import { UsageError } from './exit-codes.ts';
import { durationSeconds, jsonObject, several, time, uuid } from './option-values.ts';

/** What the options of `addFieldOptions` and `--name` give. */
export interface FieldOptions {
  name?: string;
  owner?: string;
  scope?: string[];
  metadata?: JsonObject;
  audience?: string[];
  jwtLifetimeMax?: number;
  /** Seconds. */
  expiresIn?: number;
  expiresAt?: Date;
}

/** What the options of `addClearingOptions` give. */
export interface ClearingOptions {
  clearScopes?: true;
  clearAudiences?: true;
  clearJwtLifetimeMax?: true;
  clearExpiry?: true;
}

/** Adds the options that choose fields. */
export function addFieldOptions(command: Command): Command {
  return command
    .option('--owner <owner>', 'who it belongs to')
    .option('--scope <scope>', 'what it may do; can be given several times', several)
    .option('--metadata <json>', 'what verifying services are told, a JSON object', jsonObject)
    .option('--audience <audience>', 'jwt: an audience its JWTs may name; several times', several)
    .option('--jwt-lifetime-max <duration>', 'jwt: longest lifetime of its JWTs', durationSeconds)
    .option('--expires-in <duration>', 'when it ends, from now', durationSeconds)
    .option('--expires-at <time>', 'when it ends (RFC 3339)', time)
    .option('--request-id <uuid>', 'repeat a change whose outcome is not known', uuid);
}

/** Adds the options that empty fields. */
export function addClearingOptions(command: Command): Command {
  return command
    .option('--clear-scopes', 'it has no scope any more')
    .option('--clear-audiences', 'jwt: its JWTs may name any audience')
    .option('--clear-jwt-lifetime-max', 'jwt: no longest lifetime any more')
    .option('--clear-expiry', 'it does not end any more');
}

/** The fields that the options choose. `now` in milliseconds. */
export function chosenFields(options: FieldOptions, now: number): TokenFields {
  if (options.expiresIn !== undefined && options.expiresAt !== undefined) {
    throw new UsageError('--expires-in and --expires-at say the same thing: give one of them');
  }
  return {
    name: options.name,
    owner: options.owner,
    scopes: options.scope,
    metadata: options.metadata,
    audiences: options.audience,
    jwtLifetimeMaxSeconds: options.jwtLifetimeMax,
    expireTime: expireTime(options, now),
  };
}

/** The fields that the options change. */
export function changedFields(options: FieldOptions & ClearingOptions, now: number): TokenFields {
  const chosen = chosenFields(options, now);
  const cleared: TokenFields = {
    ...(options.clearScopes && { scopes: [] }),
    ...(options.clearAudiences && { audiences: [] }),
    ...(options.clearJwtLifetimeMax && { jwtLifetimeMaxSeconds: 0 }),
    ...(options.clearExpiry && { expireTime: 'never' }),
  };
  for (const name of Object.keys(cleared) as (keyof TokenFields)[]) {
    if (chosen[name] !== undefined) {
      throw new UsageError(`an option sets ${name} and another one clears it: give one of them`);
    }
  }
  const fields = { ...chosen, ...cleared };
  if (Object.values(fields).every(value => value === undefined)) {
    throw new UsageError('there is nothing to change: name a field, as with --name');
  }
  return fields;
}

function expireTime({ expiresIn, expiresAt }: FieldOptions, now: number): Date | undefined {
  if (expiresIn === undefined) return expiresAt;
  const date = new Date(now + expiresIn * 1000);
  if (!Number.isNaN(date.getTime()) && date.getUTCFullYear() <= 9999) return date;
  throw new UsageError('--expires-in goes beyond the year 9999: leave it out for never');
}
