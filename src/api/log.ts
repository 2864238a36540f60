/** Calls the API of the log's level. */

import { type Admin, call } from './connect.ts';

/** The level of a server's log, and that of its setting. Throws AdminError. */
export async function logLevel({ log }: Admin): Promise<{ level: string; configured: string }> {
  const { level, configuredLevel: configured } = await call(() => log.getLogLevel({}));
  return { level, configured };
}

/** Changes it; returns the level before, and the workers that do not have it yet. Throws AdminError. */
export async function setLogLevel(
  { log }: Admin,
  level: string,
): Promise<{ previous: string; waitsFor: string[] }> {
  const { previousLevel: previous, waitsFor } = await call(() => log.setLogLevel({ level }));
  return { previous, waitsFor };
}
