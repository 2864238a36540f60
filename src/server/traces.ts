/** Opens tracing where the standard variables of OpenTelemetry ask for it. */

import type { Logger } from '../log.ts';
import { type Environment, SettingsError } from '../settings/config.ts';
import { isTracingOn, type Tracing } from '../tracing/tracing.ts';
import { version } from '../version.ts';

/** Opens it; undefined where no traces are asked for. Throws SettingsError for variables that are wrong. */
export async function openTraces(
  env: Environment,
  log: Pick<Logger, 'warn'>,
): Promise<Tracing | undefined> {
  if (!isTracingOn(env)) return undefined;
  // Loaded on use only: it takes memory and time that a server without traces keeps.
  const { openTracing } = await import('../tracing/open-telemetry.ts');
  try {
    return openTracing({
      env,
      version,
      onFailure: error => log.warn({ error }, 'traces are not sent; calls go on without them'),
    });
  } catch (error) {
    throw new SettingsError([error instanceof Error ? error.message : 'traces cannot be opened']);
  }
}
