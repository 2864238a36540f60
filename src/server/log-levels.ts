/** The level of the log of this process, which can change while it runs. */

import type { Logger } from '../log.ts';
import { isLogLevel, type LogLevel, logLevels } from '../settings/logs.ts';
import type { LogLevels } from '../tokens/log-custody.ts';

/** Has the workers of this process log at a level; resolves to those that did not confirm it. */
export type TellLevel = (level: LogLevel) => Promise<string[]>;

/** The levels for a log; `tellWorkers` is absent without workers. */
export function createLogLevels(
  log: Pick<Logger, 'level'>,
  configured: LogLevel,
  tellWorkers: TellLevel = async () => [],
): LogLevels {
  return {
    all: logLevels,
    configured,
    current: () => log.level,
    async change(level) {
      if (!isLogLevel(level)) throw new Error('not a level');
      log.level = level;
      return await tellWorkers(level);
    },
  };
}
