/** What the exit code of a command says, after sysexits(3) where that has a number. */

import { CommanderError } from 'commander';
import type { AdminErrorCode } from '../api/connect.ts';
import { AdminError } from '../api/connect.ts';
import { SettingsError } from '../settings/config.ts';
import { StartError } from '../settings/start-error.ts';
import { Mistake } from '../settings/values.ts';

/** Exit codes, as the documentation lists them. */
export const exitCodes = {
  ok: 0,
  /** The verdict is no, the chain is broken, or the server refused what was asked. */
  refused: 1,
  /** The command was written wrongly. */
  usage: 2,
  /** No server, no store, or no answer in time. */
  unavailable: 69,
  /** A fault of Usher itself. */
  bug: 70,
  /** The caller may not do this. */
  notAllowed: 77,
  /** The settings are wrong; nothing was started. */
  settings: 78,
} as const;

/** The command was written wrongly; the message says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The exit code of a command that threw. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof SettingsError || error instanceof Mistake) return exitCodes.settings;
  if (error instanceof StartError) return exitCodes.unavailable;
  if (error instanceof AdminError) return callExitCodes[error.code] ?? exitCodes.bug;
  return isListenError(error) ? exitCodes.unavailable : exitCodes.bug;
}

const callExitCodes: Partial<Record<AdminErrorCode, number>> = {
  NoServer: exitCodes.unavailable,
  NotUsher: exitCodes.unavailable,
  Unavailable: exitCodes.unavailable,
  DeadlineExceeded: exitCodes.unavailable,
  Canceled: exitCodes.unavailable,
  Unauthenticated: exitCodes.notAllowed,
  PermissionDenied: exitCodes.notAllowed,
  InvalidArgument: exitCodes.usage,
  NotFound: exitCodes.refused,
  AlreadyExists: exitCodes.refused,
  Aborted: exitCodes.refused,
  FailedPrecondition: exitCodes.refused,
  ResourceExhausted: exitCodes.refused,
};

/** What went wrong, for people. */
export function explain(error: unknown): string {
  if (error instanceof SettingsError) {
    return ['the settings are wrong:', ...error.mistakes.map(text => `  ${text}`)].join('\n');
  }
  if (error instanceof AdminError) return explainCall(error);
  if (error instanceof StartError) return `cannot start: ${error.message}`;
  if (error instanceof UsageError || error instanceof Mistake) return error.message;
  if (isListenError(error)) return `cannot listen: ${error.message}`;
  return `internal error: ${error instanceof Error ? (error.stack ?? error.message) : typeof error}`;
}

function explainCall({ code, message }: AdminError): string {
  if (code === 'Unauthenticated' || code === 'PermissionDenied') {
    return `not allowed: ${message}; check USHER_ADMIN_TOKEN`;
  }
  if (code === 'DeadlineExceeded') return 'no answer in time; --timeout sets how long to wait';
  return message;
}

function isListenError(error: unknown): error is Error {
  const codes = ['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'ENOTFOUND'];
  return (
    error instanceof Error &&
    'syscall' in error &&
    codes.includes(String(Reflect.get(error, 'code')))
  );
}
