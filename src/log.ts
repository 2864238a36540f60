/** The log: JSON Lines on the standard error, with tokens, secrets and claims redacted. */

import { randomUUID } from 'node:crypto';
import type { DestinationStream, Logger } from 'pino';
import { pino } from 'pino';
import { logOutput } from './log-output.ts';

export type { Logger } from 'pino';

/**
 * Fields that are redacted, at the top and one and two levels down. No code logs a secret; this
 * catches mistakes.
 */
const secretNames = [
  'authorization',
  'Authorization',
  'cookie',
  'Cookie',
  '["set-cookie"]',
  '["proxy-authorization"]',
  '["x-usher-page-secret"]',
  'pageSecret',
  'header',
  'token',
  'jwt',
  'secret',
  'secrets',
  'password',
  'claims',
  'masterKeys',
  'adminToken',
  'args',
];

const paths = secretNames.flatMap(name => {
  const below = name.startsWith('[') ? name : `.${name}`;
  return [name, `*${below}`, `*.*${below}`];
});

/**
 * Opens the log, by default on the standard error: the standard output is for results. `mixin` gives
 * fields that each line has, such as the ids of the current trace.
 */
export function openLog(
  level: string,
  destination: DestinationStream = logOutput,
  mixin?: () => object,
): Logger {
  return pino(
    {
      ...(mixin && { mixin }),
      level,
      base: { pid: process.pid },
      messageKey: 'message',
      errorKey: 'error',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      serializers: { error: errorOf, err: errorOf },
      redact: { paths, censor: '[redacted]' },
    },
    destination,
  );
}

/** A random id by which a caller's "internal error" can be found in the log. */
export function requestId(): string {
  return randomUUID();
}

/** An error as it is logged. */
export interface LoggedError {
  name: string;
  message: string;
  /** Node's or Redis's error code. */
  code?: string;
  /** The call frames only, since the first lines of a stack repeat the message. */
  stack?: string;
  cause?: LoggedError;
  /** The errors of an AggregateError. */
  errors?: LoggedError[];
}

const causesMax = 8;

/**
 * Converts an error for the log: name, message, code, frames and causes, but no other property,
 * since errors of Redis clients carry the failed command with its arguments. The frames show where a bug
 * is, so what only says that a store cannot be reached has none.
 */
export function errorOf(error: unknown, depth = 0, isBug = true): LoggedError {
  if (!(error instanceof Error)) return { name: 'NotAnError', message: `a thrown ${typeof error}` };
  const logged: LoggedError = { name: error.name, message: messageOf(error) };
  const code = 'code' in error ? error.code : undefined;
  if (typeof code === 'string' || typeof code === 'number') logged.code = String(code);
  const frames = error.stack?.split('\n').filter(line => /^\s+at /.test(line));
  const hasFrames = isBug && error.name !== 'Unavailable';
  if (hasFrames && frames?.length) logged.stack = frames.join('\n');
  if (depth >= causesMax) return logged;
  if (error.cause !== undefined) {
    logged.cause = errorOf(error.cause, depth + 1, hasFrames);
  }
  if (error instanceof AggregateError) {
    logged.errors = error.errors
      .slice(0, causesMax)
      .map(inner => errorOf(inner, depth + 1, hasFrames));
  }
  return logged;
}

/** The message without the command's arguments, which Redis repeats in some errors. */
function messageOf(error: Error): string {
  const fromRedis = error.name === 'ReplyError' || 'command' in error;
  return fromRedis
    ? error.message.replace(/,? with args beginning with[\s\S]*$/, '')
    : error.message;
}
