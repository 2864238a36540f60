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

/** The answer to a question was not yes: nothing was changed. */
export class Declined extends Error {
  override readonly name = 'Declined';
}

/** The exit code for an error that a command threw. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof Declined) return exitCodes.refused;
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

/** What is wrong, for people and programs. */
export interface Fault {
  /** What is wrong. */
  message: string;
  /** The kind of error, in lower case: "not_found", "usage", "no_server", … */
  code: string;
  /** What to do about it; absent where the message says it. */
  advice?: string;
}

/** The message for an error, for people. */
export function explain(error: unknown): string {
  if (!(error instanceof AdminError)) return faultOf(error).message;
  const { message, advice } = faultOf(error);
  const joint = error.advice === undefined ? '; ' : ': ';
  return advice === undefined ? message : `${message}${joint}${advice}`;
}

/** What is wrong with what a command threw. */
export function faultOf(error: unknown): Fault {
  if (error instanceof SettingsError) {
    const lines = ['the settings are wrong:', ...error.mistakes.map(text => `  ${text}`)];
    const advice = '`usher settings` lists all settings';
    return { message: lines.join('\n'), code: 'settings', advice };
  }
  if (error instanceof AdminError) return callFault(error);
  if (error instanceof StartError) {
    return { message: `cannot start: ${error.message}`, code: 'cannot_start' };
  }
  if (error instanceof Mistake) return { message: error.message, code: 'settings' };
  if (error instanceof Declined) {
    const advice = 'answer y, or give --yes';
    return { message: error.message, code: 'declined', advice };
  }
  const advice = '--help lists what is possible';
  if (error instanceof UsageError) return { message: error.message, code: 'usage', advice };
  if (error instanceof CommanderError) {
    return { message: usageMessage(error), code: 'usage', advice };
  }
  const trace = error instanceof Error ? (error.stack ?? error.message) : typeof error;
  return { message: `internal error: ${trace}`, code: 'internal' };
}

function usageMessage({ code, message }: CommanderError): string {
  return code === 'commander.help' ? 'which command? see --help' : message.replace(/^error: /, '');
}

/** What to do about an error of the API, where its message does not say it. */
const callAdvice: Partial<Record<AdminErrorCode, string>> = {
  Unauthenticated:
    'check the admin token (USHER_ADMIN_TOKEN, otherwise that of the data folder), and that ' +
    'USHER_MANAGER_URL names the server it belongs to',
  DeadlineExceeded: '--timeout sets how long to wait',
};

function callFault({ code, message, advice }: AdminError): Fault {
  const isRight = code === 'Unauthenticated' || code === 'PermissionDenied';
  const todo = advice ?? callAdvice[isRight ? 'Unauthenticated' : code];
  return {
    message: isRight ? `not allowed: ${message}` : textOf(code, message),
    code: code.replace(/(?<=[a-z])[A-Z]/g, letter => `_${letter}`).toLowerCase(),
    ...(todo !== undefined && { advice: todo }),
  };
}

function textOf(code: AdminErrorCode, message: string): string {
  return code === 'DeadlineExceeded' ? 'no answer in time' : message;
}
