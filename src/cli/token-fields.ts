/** The options that set and clear the fields of an access token. */

import type { Command } from 'commander';
import type { JsonObject } from '../api/access-token.ts';
import type { TokenFields } from '../api/access-tokens.ts';
import type { Quota, RateLimit } from '../api/use-limits.ts';
import { UsageError } from './exit-codes.ts';
import { durationSeconds, jsonObject, several, time, uuid } from './option-values.ts';
import { orNone, quota, rateLimit } from './use-limits.ts';

/** The values of `--name` and the options of `addFieldOptions`. */
export interface FieldOptions {
  name?: string;
  owner?: string;
  scope?: string[];
  grantableScope?: string[];
  metadata?: JsonObject;
  audience?: string[];
  /** Seconds. */
  jwtLifetimeMax?: number;
  /** Seconds. */
  expiresIn?: number;
  expiresAt?: Date;
  source?: string[];
  rate?: RateLimit | 'none';
  quota?: Quota | 'none';
}

/** The values of the options of `addClearingOptions`. */
export interface ClearingOptions {
  clearScopes?: true;
  clearGrantableScopes?: true;
  clearAudiences?: true;
  clearJwtLifetimeMax?: true;
  clearExpiry?: true;
}

/** Adds the options that set fields. */
export function addFieldOptions(command: Command): Command {
  return command
    .option('--owner <owner>', 'who it belongs to')
    .option('--scope <scope>', 'a scope that it grants; can be given several times', several)
    .option('--grantable-scope <scope>', 'static: a scope it may give; several times', several)
    .option('--metadata <json>', 'a JSON object that verifying services receive', jsonObject)
    .option('--audience <audience>', 'jwt: an audience its JWTs may have; several times', several)
    .option('--jwt-lifetime-max <duration>', 'jwt: longest lifetime of its JWTs', durationSeconds)
    .option('--expires-in <duration>', 'how long until it expires', durationSeconds)
    .option('--expires-at <time>', 'when it expires (RFC 3339)', time)
    .option(
      '--source <range>',
      'an address or CIDR range it may be used from; several times',
      several,
    )
    .option('--rate <limit>', 'how often it may be used, such as 100/1m or 5/1s/subject', rates)
    .option('--quota <limit>', 'the same a day or month (UTC), such as 10000/day', quotas)
    .option('--request-id <uuid>', 'repeat a change whose outcome is not known', uuid);
}

/** Adds the options that clear fields. */
export function addClearingOptions(command: Command): Command {
  return command
    .option('--clear-scopes', 'remove all scopes')
    .option('--clear-grantable-scopes', 'static: give its own scopes only')
    .option('--clear-audiences', 'jwt: allow any audience')
    .option('--clear-jwt-lifetime-max', 'jwt: remove the longest lifetime')
    .option('--clear-expiry', 'never expire')
    .addHelpText('after', '\n--source none, --rate none and --quota none remove these.');
}

/** The fields that the options set. `now` is in milliseconds since 1970. Throws UsageError. */
export function chosenFields(options: FieldOptions, now: number): TokenFields {
  if (options.expiresIn !== undefined && options.expiresAt !== undefined) {
    throw new UsageError('give only one of --expires-in and --expires-at');
  }
  return {
    name: options.name,
    owner: options.owner,
    scopes: options.scope,
    grantableScopes: options.grantableScope,
    metadata: options.metadata,
    audiences: options.audience,
    jwtLifetimeMaxSeconds: options.jwtLifetimeMax,
    expireTime: expireTime(options, now),
    allowedSources: sourcesOf(options),
    rateLimit: options.rate,
    quota: options.quota,
  };
}

/** The ranges; empty for `none`. Throws UsageError. */
function sourcesOf({ source }: FieldOptions): string[] | undefined {
  if (!source?.includes('none')) return source;
  if (source.length === 1) return [];
  throw new UsageError('give --source none alone, or ranges');
}

const rates = orNone(rateLimit);
const quotas = orNone(quota);

/** The fields that the options set or clear. Throws UsageError, also if there are none. */
export function changedFields(options: FieldOptions & ClearingOptions, now: number): TokenFields {
  const chosen = chosenFields(options, now);
  const cleared: TokenFields = {
    ...(options.clearScopes && { scopes: [] }),
    ...(options.clearGrantableScopes && { grantableScopes: [] }),
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
    throw new UsageError('there is nothing to change: give a field, such as --name');
  }
  return fields;
}

function expireTime({ expiresIn, expiresAt }: FieldOptions, now: number): Date | undefined {
  if (expiresIn === undefined) return expiresAt;
  const date = new Date(now + expiresIn * 1000);
  if (!Number.isNaN(date.getTime()) && date.getUTCFullYear() <= 9999) return date;
  throw new UsageError('--expires-in goes beyond the year 9999: leave it out for never');
}
