/** The log: JSON Lines for operators. What could hold a token, secret or claim is left out twice over. */

import { randomUUID } from 'node:crypto';
import type { DestinationStream, Logger } from 'pino';
import { pino } from 'pino';

export type { Logger } from 'pino';

/**
 * Names under which a secret could be logged by mistake. The rule is that nothing logs one; this is
 * the net below the rule, at the top and one and two levels down.
 */
const secretNames = [
  'authorization',
  'Authorization',
  'cookie',
  'Cookie',
  '["set-cookie"]',
  '["proxy-authorization"]',
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

/** Opens the log. Without a destination it goes to the standard error, which no command's answer uses. */
export function openLog(level: string, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      messageKey: 'message',
      errorKey: 'error',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      serializers: { error: errorOf, err: errorOf },
      redact: { paths, censor: '[redacted]' },
    },
    // Synchronous, so that the last words before an exit are not lost.
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
}

/** A fresh id by which a caller's "internal error" is found in the log. */
export function requestId(): string {
  return randomUUID();
}

/** What the log says of an error. */
export interface LoggedError {
  name: string;
  message: string;
  code?: string;
  /** The call frames alone: the first lines of a stack repeat the message. */
  stack?: string;
  cause?: LoggedError;
  /** Those that an AggregateError holds. */
  errors?: LoggedError[];
}

const causesMax = 8;

/**
 * An error as the log may have it: its name, message, code, frames and causes, and no other property,
 * since errors of a store carry the command that failed with its arguments.
 */
export function errorOf(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { name: 'NotAnError', message: `a thrown ${typeof error}` };
  const logged: LoggedError = { name: error.name, message: messageOf(error) };
  const code = 'code' in error ? error.code : undefined;
  if (typeof code === 'string' || typeof code === 'number') logged.code = String(code);
  const frames = error.stack?.split('\n').filter(line => /^\s+at /.test(line));
  if (frames?.length) logged.stack = frames.join('\n');
  if (depth >= causesMax) return logged;
  if (error.cause !== undefined) logged.cause = errorOf(error.cause, depth + 1);
  if (error instanceof AggregateError) {
    logged.errors = error.errors.slice(0, causesMax).map(inner => errorOf(inner, depth + 1));
  }
  return logged;
}

/** Redis repeats the arguments of a command that it does not know or cannot run in its refusal. */
function messageOf(error: Error): string {
  const fromRedis = error.name === 'ReplyError' || 'command' in error;
  return fromRedis
    ? error.message.replace(/,? with args beginning with[\s\S]*$/, '')
    : error.message;
}
