/** The exit codes of commands, from sysexits(3) where it has one, and error messages. */

import { CommanderError } from 'commander';
import type { AdminErrorCode } from '../api/connect.ts';
import { AdminError } from '../api/connect.ts';
import { SettingsError } from '../settings/config.ts';
import { StartError } from '../settings/start-error.ts';
import { Mistake } from '../settings/values.ts';

/** The exit codes. */
export const exitCodes = {
  ok: 0,
  /** The token is invalid, the audit log is broken, or the server refused the request. */
  refused: 1,
  /** Wrong usage of the command line. */
  usage: 2,
  /** The server or store is unavailable, or did not answer in time. */
  unavailable: 69,
  /** An internal error. */
  bug: 70,
  /** The caller is not authenticated or lacks permission. */
  notAllowed: 77,
  /** The settings are wrong. */
  settings: 78,
} as const;

/** Wrong usage of the command line, with a message for the user. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The exit code for an error that a command threw. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof SettingsError || error instanceof Mistake) return exitCodes.settings;
  if (error instanceof StartError) return exitCodes.unavailable;
  if (error instanceof AdminError) return callExitCodes[error.code] ?? exitCodes.bug;
  return exitCodes.bug;
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

/** The message for an error, for people. */
export function explain(error: unknown): string {
  if (error instanceof SettingsError) {
    return ['the settings are wrong:', ...error.mistakes.map(text => `  ${text}`)].join('\n');
  }
  if (error instanceof AdminError) return explainCall(error);
  if (error instanceof StartError) return `cannot start: ${error.message}`;
  if (error instanceof UsageError || error instanceof Mistake) return error.message;
  if (error instanceof CommanderError) return explainUsage(error);
  return `internal error: ${error instanceof Error ? (error.stack ?? error.message) : typeof error}`;
}

function explainUsage({ code, message }: CommanderError): string {
  return code === 'commander.help' ? 'which command? see --help' : message.replace(/^error: /, '');
}

function explainCall({ code, message }: AdminError): string {
  if (code === 'Unauthenticated' || code === 'PermissionDenied') {
    return (
      `not allowed: ${message}; check the admin token (USHER_ADMIN_TOKEN, otherwise that of the data ` +
      'folder), and that USHER_MANAGER_URL names the server it belongs to'
    );
  }
  if (code === 'DeadlineExceeded') return 'no answer in time; --timeout sets how long to wait';
  return message;
}
