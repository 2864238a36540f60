/** The settings of the log. */

import type { Setting } from './setting.ts';
import { oneOf, wholeNumber } from './values.ts';

/** The levels of the log, the most severe first; `silent` logs nothing. */
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** One of them. */
export type LogLevel = (typeof logLevels)[number];

/** Whether a text is one of them. */
export function isLogLevel(text: string): text is LogLevel {
  return logLevels.some(level => level === text);
}

/** The settings. */
export const logSettings = {
  logLevel: {
    name: 'USHER_LOG_LEVEL',
    meaning: 'Least severe level that is logged; `usher log level` changes it while Usher runs',
    range: logLevels.map(level => `\`${level}\``).join(', '),
    default: 'info',
    read: oneOf(logLevels),
  },
  accessLog: {
    name: 'USHER_ACCESS_LOG',
    meaning:
      'Whether the log has a line for each call, at any level; it holds the addresses of callers ' +
      '(docs/running.md)',
    range: '`on`, `off`',
    default: 'off',
    read: oneOf(['on', 'off']),
  },
  logRefusalsMax: {
    name: 'USHER_LOG_REFUSALS_PER_SECOND_MAX',
    meaning:
      'Most refused tokens that the log has a line for in a second, per worker, at any level; 0 for none',
    range: '0 to 100000 lines',
    default: '0',
    read: wholeNumber(0, 100_000),
  },
  logBytesMax: {
    name: 'USHER_LOG_BYTES_MAX',
    meaning:
      'Most bytes of the log that wait, per process, when the standard error is not read fast enough; lines ' +
      'beyond them are dropped and counted (docs/running.md)',
    range: '65536 to 1073741824 bytes',
    default: '1048576',
    read: wholeNumber(65_536, 1_073_741_824),
  },
} as const satisfies Record<string, Setting<unknown>>;
